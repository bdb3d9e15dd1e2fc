metadata description = 'Waymark: one app for each flow, on Cosmos DB, Service Bus and Blob Storage, behind one front door.'

targetScope = 'subscription'

@description('Name of the environment; part of the names of what is made.')
@minLength(1)
@maxLength(40)
param environmentName string

@description('Region, one that has Flex Consumption.')
param location string

@description('Object id of who deploys: may put secrets into the vaults. Nobody when it is empty.')
param principalId string = ''

@allowed(['User', 'ServicePrincipal'])
param principalType string = 'User'

@description('A domain of your own for the API, api.example.org.')
param customDomain string = ''

@description('Calls that one address may make in a minute at the front door; 0 sets no limit.')
@minValue(0)
param callsPerMinute int = 6000

@description('Origins whose pages may call the API from a browser, separated by commas.')
param allowedOrigins string = ''

@description('serverless bills each request; autoscale gives every container throughput of its own.')
@allowed(['serverless', 'autoscale'])
param cosmosMode string = 'serverless'

@description('With autoscale: the most request units a second of each container.')
param cosmosMostRequestUnits int = 1000

@description('Private endpoints for all stores, and Service Bus in the tier Premium.')
param privateNetwork bool = false

@description('With a private network: addresses that may come from outside all the same, separated by commas.')
param operatorAddresses string = ''

@description('Instances of each app that is called over HTTP that never go to sleep.')
param alwaysReady int = 0

@description('Whether the scale controller may count messages, which takes the role Data Owner on what an app hears.')
param scaleByQueueLength bool = false

@description('Days that logs are kept.')
param logDays int = 30

@description('Gigabytes of logs taken in a day.')
param dailyLogGigabytes int = 5

@description('Where mails about what went wrong go; nobody is told when it is empty.')
param alertAddress string = ''

@description('What scans dropped files: builtin, defender (which is switched on with it), or clamd.')
@allowed(['builtin', 'defender', 'clamd'])
param scanner string = 'builtin'

@description('With defender: gigabytes scanned a month at most.')
param defenderMostGigabytes int = 100

@description('With clamd: where it listens, tcp://host:3310.')
param clamd string = ''

@allowed(['DEBUG', 'INFO', 'WARNING', 'ERROR'])
param logLevel string = 'INFO'

@description('Share of new traces that is recorded, 0 to 1.')
param traceRatio string = '1'

@description('Milliseconds between two sendings of metrics.')
param metricIntervalMs string = '60000'

@description('A collector that telemetry goes to as well, by https; its headers, if any, are a secret in the vault.')
param otlpEndpoint string = ''
param otlpWithHeaders bool = false

@description('Under which xAPI statements name things. Set it once; the front door\'s own address when it is empty.')
param publicUrl string = ''

@description('Whether a second key of tokens is in the vault, accepted while one takes the place of the other.')
param tokenKeyRotates bool = false

param tokenIssuer string = 'waymark'
param tokenAudience string = 'waymark'

@description('Issuer of an external OpenID provider; its audience and keys go with it.')
param oidcIssuer string = ''
param oidcAudience string = ''
param oidcJwksUrl string = ''
param oidcTenantClaim string = 'tenant'
param oidcRolesClaim string = 'roles'

@description('The server that mails are sent through, smtp://host:587; its sender goes with it.')
param smtpUrl string = ''

@description('Its user; the password is a secret in the vault.')
param smtpUser string = ''
param mailFrom string = ''

@description('Tenant by inbox, of a mail gateway; its secret is in the vault.')
param mailInboxes object = {}

@description('Tenant by the id of a WhatsApp number; the other three are secrets in the vault.')
param whatsappNumbers object = {}
param whatsappUrl string = 'https://graph.facebook.com/v23.0'

@description('Whether Telegram is used; the bots are a secret in the vault.')
param telegram bool = false
param telegramUrl string = 'https://api.telegram.org'

@description('A learning record store; its password is a secret in the vault.')
param lrsEndpoint string = ''
param lrsKey string = ''

@description('Model of a language model; its key is a secret in the vault.')
param openaiModel string = ''
param openaiBaseUrl string = 'https://api.openai.com/v1'

@description('Seconds that a call may take, 1 to 60, and tokens a tenant may spend in a day.')
param openaiSeconds string = '10'
param openaiDailyTokens string = '200000'

@description('true sends the text of each résumé to the language model.')
@allowed(['true', 'false'])
param openaiResumes string = 'false'
param openaiResumeSeconds string = '30'

@description('Days after which a dropped file that became no profile is erased.')
param unmatchedFileDays string = '180'

var flows = loadJsonContent('flows.json')
var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = { 'azd-env-name': environmentName }
var databaseName = 'waymark'
var origins = empty(allowedOrigins) ? [] : split(allowedOrigins, ',')
var addresses = empty(operatorAddresses) ? [] : split(operatorAddresses, ',')
var houseVault = 'kv-house-${token}'
var peersVault = 'kv-peers-${token}'
var appNames = [for flow in flows: take('func-${flow.service}-${token}', 60)]
var identityNames = [for flow in flows: take('id-${flow.service}-${token}', 128)]

// What a loop goes over is to be known before anything is made: so these are paths, no outputs.
var reachedPrivately = [
  { name: 'documents', group: 'Sql', zone: 'privatelink.documents.azure.com', path: 'Microsoft.DocumentDB/databaseAccounts/cosmos-${token}' }
  { name: 'messages', group: 'namespace', zone: 'privatelink.servicebus.windows.net', path: 'Microsoft.ServiceBus/namespaces/sb-${token}' }
  { name: 'blobs', group: 'blob', zone: 'privatelink.blob.${environment().suffixes.storage}', path: 'Microsoft.Storage/storageAccounts/stfiles${token}' }
  { name: 'queues', group: 'queue', zone: 'privatelink.queue.${environment().suffixes.storage}', path: 'Microsoft.Storage/storageAccounts/stfiles${token}' }
  { name: 'house-secrets', group: 'vault', zone: 'privatelink.vaultcore.azure.net', path: 'Microsoft.KeyVault/vaults/${houseVault}' }
  { name: 'peers-secrets', group: 'vault', zone: 'privatelink.vaultcore.azure.net', path: 'Microsoft.KeyVault/vaults/${peersVault}' }
]

// Every setting of shared/settings.py stands here or in modules/function_app.bicep. An empty one
// counts as not set; a secret's reference is given only where its group is in use, for one that
// leads nowhere would be taken for the secret.
var common = {
  WAYMARK_STORES: 'azure'
  WAYMARK_COSMOS_ENDPOINT: cosmos.outputs.endpoint
  WAYMARK_COSMOS_DATABASE: databaseName
  WAYMARK_LOG_LEVEL: logLevel
  WAYMARK_PUBLIC_URL: empty(publicUrl) ? 'https://${empty(customDomain) ? gateway.outputs.host : customDomain}' : publicUrl
  WAYMARK_TRACE_RATIO: traceRatio
  OTEL_SDK_DISABLED: 'false'
  OTEL_BSP_SCHEDULE_DELAY: '5000'
  OTEL_METRIC_EXPORT_INTERVAL: metricIntervalMs
  OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint
  OTEL_EXPORTER_OTLP_HEADERS: otlpWithHeaders ? '@Microsoft.KeyVault(VaultName=${houseVault};SecretName=otel-exporter-otlp-headers)' : ''
  // The front door and the front end of Functions.
  WAYMARK_TRUSTED_PROXIES: '2'
  WAYMARK_TOKEN_KEY: '@Microsoft.KeyVault(VaultName=${houseVault};SecretName=waymark-token-key)'
  WAYMARK_TOKEN_KEY_ACCEPTED: tokenKeyRotates ? '@Microsoft.KeyVault(VaultName=${houseVault};SecretName=waymark-token-key-accepted)' : ''
  WAYMARK_PSEUDONYM_KEY: '@Microsoft.KeyVault(VaultName=${houseVault};SecretName=waymark-pseudonym-key)'
  WAYMARK_TOKEN_ISSUER: tokenIssuer
  WAYMARK_TOKEN_AUDIENCE: tokenAudience
  WAYMARK_OIDC_ISSUER: oidcIssuer
  WAYMARK_OIDC_AUDIENCE: oidcAudience
  WAYMARK_OIDC_JWKS_URL: oidcJwksUrl
  WAYMARK_OIDC_TENANT_CLAIM: oidcTenantClaim
  WAYMARK_OIDC_ROLES_CLAIM: oidcRolesClaim
}
var grouped = {
  channels: {
    WAYMARK_WHATSAPP_URL: whatsappUrl
    WAYMARK_WHATSAPP_NUMBERS: empty(whatsappNumbers) ? '' : string(whatsappNumbers)
    WAYMARK_WHATSAPP_TOKEN: empty(whatsappNumbers) ? '' : '@Microsoft.KeyVault(VaultName=${peersVault};SecretName=waymark-whatsapp-token)'
    WAYMARK_WHATSAPP_APP_SECRET: empty(whatsappNumbers) ? '' : '@Microsoft.KeyVault(VaultName=${peersVault};SecretName=waymark-whatsapp-app-secret)'
    WAYMARK_WHATSAPP_VERIFY_TOKEN: empty(whatsappNumbers) ? '' : '@Microsoft.KeyVault(VaultName=${peersVault};SecretName=waymark-whatsapp-verify-token)'
    WAYMARK_TELEGRAM_URL: telegramUrl
    WAYMARK_TELEGRAM_BOTS: telegram ? '@Microsoft.KeyVault(VaultName=${peersVault};SecretName=waymark-telegram-bots)' : ''
  }
  language_model: {
    WAYMARK_OPENAI_MODEL: openaiModel
    WAYMARK_OPENAI_KEY: empty(openaiModel) ? '' : '@Microsoft.KeyVault(VaultName=${peersVault};SecretName=waymark-openai-key)'
    WAYMARK_OPENAI_BASE_URL: openaiBaseUrl
    WAYMARK_OPENAI_SECONDS: openaiSeconds
    WAYMARK_OPENAI_DAILY_TOKENS: openaiDailyTokens
    WAYMARK_OPENAI_RESUMES: openaiResumes
    WAYMARK_OPENAI_RESUME_SECONDS: openaiResumeSeconds
  }
  lrs: {
    WAYMARK_LRS_ENDPOINT: lrsEndpoint
    WAYMARK_LRS_KEY: lrsKey
    WAYMARK_LRS_SECRET: empty(lrsEndpoint) ? '' : '@Microsoft.KeyVault(VaultName=${peersVault};SecretName=waymark-lrs-secret)'
  }
  mail: {
    WAYMARK_SMTP_URL: smtpUrl
    WAYMARK_SMTP_USER: smtpUser
    WAYMARK_SMTP_PASSWORD: empty(smtpUser) ? '' : '@Microsoft.KeyVault(VaultName=${peersVault};SecretName=waymark-smtp-password)'
    WAYMARK_MAIL_FROM: mailFrom
  }
  mail_gateway: {
    WAYMARK_MAIL_INBOXES: empty(mailInboxes) ? '' : string(mailInboxes)
    WAYMARK_MAIL_SECRET: empty(mailInboxes) ? '' : '@Microsoft.KeyVault(VaultName=${peersVault};SecretName=waymark-mail-secret)'
  }
  retention: {
    WAYMARK_UNMATCHED_FILE_DAYS: unmatchedFileDays
  }
  scanner: {
    WAYMARK_SCANNER: scanner
    WAYMARK_CLAMD: clamd
  }
}
// Those that use one of these may read the vault of the peers' secrets.
var withSecrets = ['channels', 'language_model', 'lrs', 'mail', 'mail_gateway']
// Secrets that are in use: the hook after this sees to it that each is there.
var whatsappSecrets = empty(whatsappNumbers) ? [] : ['waymark-whatsapp-token', 'waymark-whatsapp-app-secret', 'waymark-whatsapp-verify-token']
var collectorSecrets = otlpWithHeaders ? ['otel-exporter-otlp-headers'] : []
var rotationSecrets = tokenKeyRotates ? ['waymark-token-key-accepted'] : []
var telegramSecrets = telegram ? ['waymark-telegram-bots'] : []
var modelSecrets = empty(openaiModel) ? [] : ['waymark-openai-key']
var lrsSecrets = empty(lrsEndpoint) ? [] : ['waymark-lrs-secret']
var mailSecrets = empty(smtpUser) ? [] : ['waymark-smtp-password']
var gatewaySecrets = empty(mailInboxes) ? [] : ['waymark-mail-secret']

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    token: token
    location: location
    tags: tags
    logDays: logDays
    dailyLogGigabytes: dailyLogGigabytes
  }
}

module network 'modules/network.bicep' = if (privateNetwork) {
  name: 'network'
  scope: group
  params: { token: token, location: location, tags: tags }
}

module cosmos 'modules/cosmos.bicep' = {
  name: 'cosmos'
  scope: group
  params: {
    token: token
    location: location
    tags: tags
    databaseName: databaseName
    mode: cosmosMode
    mostRequestUnits: cosmosMostRequestUnits
    isPrivate: privateNetwork
    allowedAddresses: addresses
    workspaceId: monitoring.outputs.workspaceId
  }
}

module messages 'modules/servicebus.bicep' = {
  name: 'servicebus'
  scope: group
  params: {
    token: token
    location: location
    tags: tags
    isPrivate: privateNetwork
    workspaceId: monitoring.outputs.workspaceId
  }
}

module files 'modules/storage.bicep' = {
  name: 'storage'
  scope: group
  params: {
    token: token
    location: location
    tags: tags
    isPrivate: privateNetwork
    allowedAddresses: addresses
  }
}

// Event Grid has one topic for an account, and Defender makes it where there is none: then ours
// would be refused.
module defender 'modules/defender.bicep' = if (scanner == 'defender') {
  name: 'defender'
  scope: group
  dependsOn: [drops]
  params: {
    accountName: files.outputs.name
    mostGigabytes: defenderMostGigabytes
  }
}

module vaults 'modules/keyvault.bicep' = [for name in [houseVault, peersVault]: {
  name: name
  scope: group
  params: {
    name: name
    location: location
    tags: tags
    isPrivate: privateNetwork
    allowedAddresses: addresses
    officerId: principalId
    officerType: principalType
    workspaceId: monitoring.outputs.workspaceId
  }
}]

module endpoints 'modules/private_endpoint.bicep' = [for target in reachedPrivately: if (privateNetwork) {
  name: 'endpoint-${target.name}'
  scope: group
  dependsOn: [cosmos, messages, files, vaults]
  params: {
    name: 'pe-${target.name}-${token}'
    location: location
    tags: tags
    subnetId: network.outputs.endpointsSubnetId
    targetId: '${group.id}/providers/${target.path}'
    groupId: target.group
    zoneName: target.zone
  }
}]

module gateway 'modules/gateway.bicep' = {
  name: 'gateway'
  scope: group
  params: {
    token: token
    tags: tags
    appNames: appNames
    customDomain: customDomain
    hasOrigins: !empty(origins)
  }
}

module firewall 'modules/firewall.bicep' = if (callsPerMinute > 0) {
  name: 'firewall'
  scope: group
  params: {
    token: token
    tags: tags
    profileName: gateway.outputs.profileName
    hostIds: gateway.outputs.hostIds
    callsPerMinute: callsPerMinute
  }
}

module alerts 'modules/alerts.bicep' = if (!empty(alertAddress)) {
  name: 'alerts'
  scope: group
  params: {
    token: token
    location: location
    tags: tags
    address: alertAddress
    workspaceName: monitoring.outputs.workspaceName
    serviceBusName: messages.outputs.name
    cosmosName: cosmos.outputs.name
    frontDoorName: gateway.outputs.profileName
    dropsName: drops.outputs.topicName
  }
}

module identities 'modules/identity.bicep' = {
  name: 'identities'
  scope: group
  params: { names: identityNames, location: location, tags: tags }
}

module readsDocuments 'modules/cosmos_roles.bicep' = {
  name: 'cosmos-roles'
  scope: group
  params: {
    accountName: cosmos.outputs.name
    databaseName: databaseName
    principalIds: identities.outputs.principalIds
  }
}

module apps 'modules/flow.bicep' = [for (flow, position) in flows: {
  name: 'flow-${flow.service}'
  scope: group
  dependsOn: [readsDocuments, vaults]
  params: {
    name: appNames[position]
    hostAccountName: 'st${take(replace(flow.service, '-', ''), 6)}${uniqueString(token, flow.name)}'
    location: location
    tags: tags
    flow: flow
    identityId: identities.outputs.ids[position]
    clientId: identities.outputs.clientIds[position]
    principalId: identities.outputs.principalIds[position]
    common: common
    grouped: grouped
    serviceBusName: messages.outputs.name
    serviceBusHost: messages.outputs.host
    filesAccountName: files.outputs.name
    filesBlobUri: files.outputs.blobUri
    filesQueueUri: files.outputs.queueUri
    vaultNames: empty(intersection(flow.settings, withSecrets)) ? [houseVault] : [houseVault, peersVault]
    insightsName: monitoring.outputs.insightsName
    insightsConnection: monitoring.outputs.connectionString
    frontDoorId: gateway.outputs.frontDoorId
    allowedOrigins: origins
    alwaysReady: flow.serves ? max(alwaysReady, flow.always_ready) : 0
    scaleByQueueLength: scaleByQueueLength
    subnetId: privateNetwork ? network.outputs.appsSubnetId : ''
  }
}]

module drops 'modules/eventgrid.bicep' = {
  name: 'eventgrid'
  scope: group
  params: {
    token: token
    location: location
    tags: tags
    accountName: files.outputs.name
    deadLetterContainer: files.outputs.deadLetterContainer
  }
}

output AZURE_RESOURCE_GROUP string = group.name
output WAYMARK_URL string = 'https://${gateway.outputs.host}'
output WAYMARK_DOMAIN_TOKEN string = gateway.outputs.domainToken
output WAYMARK_HOUSE_VAULT string = vaults[0].outputs.name
output WAYMARK_PEERS_VAULT string = vaults[1].outputs.name
output WAYMARK_HOUSE_SECRETS array = concat(collectorSecrets, rotationSecrets)
output WAYMARK_PEERS_SECRETS array = concat(whatsappSecrets, telegramSecrets, modelSecrets, lrsSecrets, mailSecrets, gatewaySecrets)
output WAYMARK_COSMOS_ENDPOINT string = cosmos.outputs.endpoint
output WAYMARK_COSMOS_ACCOUNT string = cosmos.outputs.name
output WAYMARK_SERVICE_BUS_HOST string = messages.outputs.host
output WAYMARK_FILES_ACCOUNT string = files.outputs.name
output WAYMARK_FILES_URI string = files.outputs.blobUri
output WAYMARK_DROPS_TOPIC string = drops.outputs.topicName
output WAYMARK_DROPS_APP string = take('func-intake-blob-trigger-${token}', 60)
output WAYMARK_UNDELIVERED_CONTAINER string = files.outputs.deadLetterContainer
