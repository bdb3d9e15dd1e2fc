metadata description = 'The documents: account, database, and every container of shared/topology.json.'

param token string
param location string
param tags object
param databaseName string

@description('serverless bills each request; autoscale gives every container throughput of its own.')
@allowed(['serverless', 'autoscale'])
param mode string

@description('With autoscale: the most request units a second of each container.')
@minValue(1000)
param mostRequestUnits int

@description('Whether only private endpoints lead here.')
param isPrivate bool

@description('Addresses or CIDR ranges that may come from outside a private network all the same.')
param allowedAddresses array

@description('Where its log goes.')
param workspaceId string

var addresses = isPrivate ? allowedAddresses : []
var topology = loadJsonContent('../topology.flat.json')
var billing = mode == 'serverless' ? [{ name: 'EnableServerless' }] : []
var capabilities = concat([{ name: 'EnableNoSQLVectorSearch' }], billing)

resource account 'Microsoft.DocumentDB/databaseAccounts@2025-04-15' = {
  name: 'cosmos-${token}'
  location: location
  tags: tags
  kind: 'GlobalDocumentDB'
  properties: {
    databaseAccountOfferType: 'Standard'
    locations: [{ locationName: location, failoverPriority: 0, isZoneRedundant: false }]
    capabilities: capabilities
    // A handler reads what it wrote; other partitions hear of it by events.
    consistencyPolicy: { defaultConsistencyLevel: 'Session' }
    backupPolicy: {
      type: 'Continuous'
      continuousModeProperties: { tier: 'Continuous7Days' }
    }
    disableLocalAuth: true
    disableKeyBasedMetadataWriteAccess: true
    minimalTlsVersion: 'Tls12'
    publicNetworkAccess: isPrivate && empty(allowedAddresses) ? 'Disabled' : 'Enabled'
    networkAclBypass: 'None'
    ipRules: [for address in addresses: { ipAddressOrRange: address }]
    enableAutomaticFailover: false
    enableMultipleWriteLocations: false
  }
}

resource database 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases@2025-04-15' = {
  parent: account
  name: databaseName
  properties: {
    resource: { id: databaseName }
  }
}

// A few at a time: the service refuses too many changes at once.
@batchSize(4)
resource containers 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2025-04-15' = [for container in topology.containers: {
  parent: database
  name: container.name
  properties: {
    resource: union({
      id: container.name
      partitionKey: {
        paths: container.paths
        kind: container.kind
        version: 2
      }
      indexingPolicy: union({
        indexingMode: 'consistent'
        automatic: true
        includedPaths: [{ path: '/*' }]
        excludedPaths: container.excludedPaths
        compositeIndexes: container.compositeIndexes
      }, contains(container, 'vectorIndexes') ? { vectorIndexes: container.vectorIndexes } : {})
    }, contains(container, 'defaultTtl') ? { defaultTtl: container.defaultTtl } : {}, contains(container, 'vectorEmbeddingPolicy') ? { vectorEmbeddingPolicy: container.vectorEmbeddingPolicy } : {})
    options: mode == 'autoscale' ? { autoscaleSettings: { maxThroughput: mostRequestUnits } } : {}
  }
}]

// Changes of the account and its roles; calls for data are in the apps' traces.
resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: account
  name: 'audit'
  properties: {
    workspaceId: workspaceId
    logAnalyticsDestinationType: 'Dedicated'
    logs: [{ category: 'ControlPlaneRequests', enabled: true }]
  }
}

output name string = account.name
output endpoint string = account.properties.documentEndpoint
