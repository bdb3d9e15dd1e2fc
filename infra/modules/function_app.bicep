metadata description = 'One flow as a Flex Consumption app: its plan, its size, its settings, and who may call it.'

param name string
param location string
param tags object

@description('The app\'s entry in infra/flows.json.')
param flow object
param identityId string
param clientId string
param hostAccountName string
param packageUri string

@description('Settings beside those that make an app run; the same names as in shared/settings.py.')
param settings object
param serviceBusHost string
param filesBlobUri string
param filesQueueUri string
param insightsConnection string

@description('The front door that alone may call the app.')
param frontDoorId string
param allowedOrigins array

@description('Instances that never go to sleep, for HTTP.')
param alwaysReady int

@description('The subnet that the app reaches the others by; none when it is empty.')
param subnetId string

var fromFrontDoor = {
  name: 'front-door'
  priority: 100
  action: 'Allow'
  tag: 'ServiceTag'
  ipAddress: 'AzureFrontDoor.Backend'
  headers: { 'x-azure-fdid': [frontDoorId] }
}
var fromEventGrid = {
  name: 'event-grid'
  priority: 200
  action: 'Allow'
  tag: 'ServiceTag'
  ipAddress: 'AzureEventGrid'
}
var hostSettings = {
  AzureWebJobsStorage__accountName: hostAccountName
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: clientId
  AZURE_CLIENT_ID: clientId
  ServiceBus__fullyQualifiedNamespace: serviceBusHost
  ServiceBus__credential: 'managedidentity'
  ServiceBus__clientId: clientId
  Blobs__blobServiceUri: filesBlobUri
  Blobs__queueServiceUri: filesQueueUri
  Blobs__credential: 'managedidentity'
  Blobs__clientId: clientId
  APPLICATIONINSIGHTS_CONNECTION_STRING: insightsConnection
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${clientId};Authorization=AAD'
  AzureFunctionsJobHost__extensions__serviceBus__maxConcurrentCalls: string(flow.bus_calls)
  AzureFunctionsJobHost__extensions__serviceBus__maxConcurrentSessions: string(flow.bus_sessions)
  // The worker hands on the host's trace.
  PYTHON_ENABLE_OPENTELEMETRY: 'true'
  OTEL_SERVICE_NAME: 'waymark-${flow.name}'
  PYTHON_THREADPOOL_THREAD_COUNT: string(max(flow.http_concurrency, flow.bus_calls, flow.bus_sessions))
}

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: 'plan-${name}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': flow.service })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    keyVaultReferenceIdentity: identityId
    publicNetworkAccess: 'Enabled'
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packageUri
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      scaleAndConcurrency: {
        instanceMemoryMB: flow.memory_mb
        maximumInstanceCount: flow.most_instances
        alwaysReady: alwaysReady > 0 ? [{ name: 'http', instanceCount: alwaysReady }] : []
        triggers: { http: { perInstanceConcurrency: flow.http_concurrency } }
      }
      runtime: { name: 'python', version: '3.11' }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
      remoteDebuggingEnabled: false
      cors: { allowedOrigins: flow.serves ? allowedOrigins : [], supportCredentials: false }
      ipSecurityRestrictionsDefaultAction: 'Deny'
      ipSecurityRestrictions: concat([fromFrontDoor], flow.storageQueues ? [fromEventGrid] : [])
      scmIpSecurityRestrictionsDefaultAction: 'Allow'
      scmIpSecurityRestrictionsUseMain: false
    }
  }

  resource appSettings 'config' = {
    name: 'appsettings'
    properties: union(settings, hostSettings)
  }

  resource ftpPasswords 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource deployPasswords 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }
}
