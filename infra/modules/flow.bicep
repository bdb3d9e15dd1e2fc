metadata description = 'All of one flow: its own storage, its app, its rights.'

param name string
param hostAccountName string
param location string
param tags object

@description('Its entry in infra/flows.json.')
param flow object
param identityId string
param clientId string
param principalId string

@description('The settings of every app, and those of each group.')
param common object
param grouped object
param serviceBusName string
param serviceBusHost string
param filesAccountName string
param filesBlobUri string
param filesQueueUri string
param vaultNames array
param insightsName string
param insightsConnection string
param frontDoorId string
param allowedOrigins array
param alwaysReady int
param scaleByQueueLength bool
param subnetId string

var channels = contains(flow.settings, 'channels') ? grouped.channels : {}
var languageModel = contains(flow.settings, 'language_model') ? grouped.language_model : {}
var lrs = contains(flow.settings, 'lrs') ? grouped.lrs : {}
var mail = contains(flow.settings, 'mail') ? grouped.mail : {}
var mailGateway = contains(flow.settings, 'mail_gateway') ? grouped.mail_gateway : {}
var retention = contains(flow.settings, 'retention') ? grouped.retention : {}
var scanner = contains(flow.settings, 'scanner') ? grouped.scanner : {}
var settings = union(common, channels, languageModel, lrs, mail, mailGateway, retention, scanner)

module storage 'host_storage.bicep' = {
  name: 'storage-${flow.service}'
  params: {
    name: hostAccountName
    location: location
    tags: tags
    principalId: principalId
    withQueues: flow.storageQueues
    subnetId: subnetId
  }
}

module roles 'roles.bicep' = {
  name: 'roles-${flow.service}'
  params: {
    flow: flow
    principalId: principalId
    serviceBusName: serviceBusName
    filesAccountName: filesAccountName
    insightsName: insightsName
    vaultNames: vaultNames
    scaleByQueueLength: scaleByQueueLength
  }
}

// After its rights, so that it never starts without them.
module app 'function_app.bicep' = {
  name: 'app-${flow.service}'
  dependsOn: [roles]
  params: {
    name: name
    location: location
    tags: tags
    flow: flow
    identityId: identityId
    clientId: clientId
    hostAccountName: storage.outputs.name
    packageUri: storage.outputs.packageUri
    settings: settings
    serviceBusHost: serviceBusHost
    filesBlobUri: filesBlobUri
    filesQueueUri: filesQueueUri
    insightsConnection: insightsConnection
    frontDoorId: frontDoorId
    allowedOrigins: allowedOrigins
    alwaysReady: alwaysReady
    subnetId: subnetId
  }
}
