metadata description = 'The messages: every queue, topic, subscription and filter of shared/topology.json.'

param token string
param location string
param tags object

@description('Whether only private endpoints lead here; that needs the tier Premium.')
param isPrivate bool

@description('Where its log goes.')
param workspaceId string

var topology = loadJsonContent('../topology.flat.json')
var tier = isPrivate ? 'Premium' : 'Standard'

resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' = {
  name: 'sb-${token}'
  location: location
  tags: tags
  sku: isPrivate ? { name: tier, tier: tier, capacity: 1 } : { name: tier, tier: tier }
  properties: {
    disableLocalAuth: true
    minimumTlsVersion: '1.2'
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
  }
}

// What nobody could take for a fortnight is a dead letter too, never just gone.
resource queues 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' = [for queue in topology.queues: {
  parent: namespace
  name: queue.name
  properties: {
    lockDuration: queue.lockDuration
    maxDeliveryCount: queue.maxDeliveryCount
    requiresSession: queue.requiresSession
    requiresDuplicateDetection: true
    duplicateDetectionHistoryTimeWindow: queue.duplicateDetectionHistoryTimeWindow
    deadLetteringOnMessageExpiration: true
    defaultMessageTimeToLive: 'P14D'
    enablePartitioning: false
  }
}]

resource topics 'Microsoft.ServiceBus/namespaces/topics@2024-01-01' = [for topic in topology.topics: {
  parent: namespace
  name: topic.name
  properties: {
    requiresDuplicateDetection: true
    duplicateDetectionHistoryTimeWindow: topic.duplicateDetectionHistoryTimeWindow
    defaultMessageTimeToLive: 'P14D'
    supportOrdering: true
    enablePartitioning: false
  }
}]

resource subscriptions 'Microsoft.ServiceBus/namespaces/topics/subscriptions@2024-01-01' = [for subscription in topology.subscriptions: {
  name: '${namespace.name}/${subscription.topic}/${subscription.name}'
  dependsOn: [topics]
  properties: {
    lockDuration: subscription.lockDuration
    maxDeliveryCount: subscription.maxDeliveryCount
    requiresSession: subscription.requiresSession
    deadLetteringOnMessageExpiration: true
    deadLetteringOnFilterEvaluationExceptions: true
    defaultMessageTimeToLive: 'P14D'
  }
}]

// A message's subject is its event type.
resource rules 'Microsoft.ServiceBus/namespaces/topics/subscriptions/rules@2024-01-01' = [for rule in topology.rules: {
  name: '${namespace.name}/${rule.topic}/${rule.subscription}/${rule.name}'
  dependsOn: [subscriptions]
  properties: {
    filterType: 'CorrelationFilter'
    correlationFilter: { label: rule.event }
  }
}]

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: namespace
  name: 'audit'
  properties: {
    workspaceId: workspaceId
    logs: [{ category: 'OperationalLogs', enabled: true }]
  }
}

output name string = namespace.name
output host string = '${namespace.name}.servicebus.windows.net'
