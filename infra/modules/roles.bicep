metadata description = 'What one app may do, by infra/flows.json, and nothing beyond it.'

@description('The app\'s entry in infra/flows.json.')
param flow object
param principalId string
param serviceBusName string
param filesAccountName string
param insightsName string

@description('Names of the vaults whose secrets it may read.')
param vaultNames array

@description('Whether the scale controller may count the messages of the entities that the app hears. It looks at the first message otherwise.')
param scaleByQueueLength bool

var storageBlobDataReader = '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1' // Storage Blob Data Reader
var storageBlobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe' // Storage Blob Data Contributor
var storageBlobDataOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b' // Storage Blob Data Owner
var storageBlobDelegator = 'db58b8e5-c6ad-4a2a-8342-4190687cbf4a' // Storage Blob Delegator
var storageQueueDataContributor = '974c5e8b-45b9-4653-ba55-5f855dd0fb88' // Storage Queue Data Contributor
var serviceBusDataSender = '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39' // Azure Service Bus Data Sender
var serviceBusDataReceiver = '4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0' // Azure Service Bus Data Receiver
var serviceBusDataOwner = '090c5cfd-751d-490a-894a-3ce6f1109419' // Azure Service Bus Data Owner
var keyVaultSecretsUser = '4633458b-17de-408a-b874-0445c86b69e6' // Key Vault Secrets User
var monitoringMetricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb' // Monitoring Metrics Publisher

var hearing = scaleByQueueLength ? serviceBusDataOwner : serviceBusDataReceiver
// Tags, which hold Defender's verdict, are read by an owner alone.
var onBlobs = {
  read: storageBlobDataReader
  write: storageBlobDataContributor
  own: storageBlobDataOwner
}

resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' existing = {
  name: serviceBusName
}

resource heardQueues 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' existing = [for name in flow.queues: {
  parent: namespace
  name: name
}]

resource hearsQueue 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for (name, position) in flow.queues: {
  scope: heardQueues[position]
  name: guid(namespace.id, name, principalId, hearing)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', hearing)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}]

resource heardSubscriptions 'Microsoft.ServiceBus/namespaces/topics/subscriptions@2024-01-01' existing = [for heard in flow.subscriptions: {
  name: '${serviceBusName}/${heard.topic}/${heard.name}'
}]

resource hearsSubscription 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for (heard, position) in flow.subscriptions: {
  scope: heardSubscriptions[position]
  name: guid(namespace.id, heard.topic, heard.name, principalId, hearing)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', hearing)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}]

resource takesDeadLetters 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (flow.allDeadLetters) {
  scope: namespace
  name: guid(namespace.id, principalId, hearing)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', hearing)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

resource sentQueues 'Microsoft.ServiceBus/namespaces/queues@2024-01-01' existing = [for name in flow.sendsToQueues: {
  parent: namespace
  name: name
}]

resource sendsToQueue 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for (name, position) in flow.sendsToQueues: {
  scope: sentQueues[position]
  name: guid(namespace.id, name, principalId, serviceBusDataSender)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', serviceBusDataSender)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}]

resource sentTopics 'Microsoft.ServiceBus/namespaces/topics@2024-01-01' existing = [for name in flow.sendsToTopics: {
  parent: namespace
  name: name
}]

resource sendsToTopic 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for (name, position) in flow.sendsToTopics: {
  scope: sentTopics[position]
  name: guid(namespace.id, name, principalId, serviceBusDataSender)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', serviceBusDataSender)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}]

resource sendsEverywhere 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (flow.sendsEverywhere) {
  scope: namespace
  name: guid(namespace.id, principalId, serviceBusDataSender)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', serviceBusDataSender)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

resource files 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: filesAccountName
}

resource containers 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' existing = [for right in flow.blobs: {
  name: '${filesAccountName}/default/${right.container}'
}]

resource usesContainer 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for (right, position) in flow.blobs: {
  scope: containers[position]
  name: guid(files.id, right.container, principalId, onBlobs[right.may])
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', onBlobs[right.may])
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}]

// A link is signed with a key that is asked of the account; it opens no more than the app may.
resource signsLinks 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (flow.links) {
  scope: files
  name: guid(files.id, principalId, storageBlobDelegator)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageBlobDelegator)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

// The blob trigger puts what failed five times into a queue beside the files.
resource usesStorageQueues 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (flow.storageQueues) {
  scope: files
  name: guid(files.id, principalId, storageQueueDataContributor)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', storageQueueDataContributor)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

resource vaults 'Microsoft.KeyVault/vaults@2023-07-01' existing = [for name in vaultNames: {
  name: name
}]

resource readsSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for (name, position) in vaultNames: {
  scope: vaults[position]
  name: guid(vaults[position].id, principalId, keyVaultSecretsUser)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', keyVaultSecretsUser)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}]

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource tells 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: insights
  name: guid(insights.id, principalId, monitoringMetricsPublisher)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', monitoringMetricsPublisher)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}
