metadata description = 'The front door: one host for the routes of all apps, by infra/routes.json.'

param token string
param tags object

@description('The name of each app, in the order of infra/flows.json.')
param appNames array

@description('A domain of your own, api.example.org; none when it is empty.')
param customDomain string

@description('Whether a browser may read our headers from other origins.')
param hasOrigins bool

var flows = loadJsonContent('../flows.json')
var routes = loadJsonContent('../routes.json')
var ownDomain = empty(customDomain) ? [] : [{ id: domain.id }]

resource profile 'Microsoft.Cdn/profiles@2024-09-01' = {
  name: 'afd-${token}'
  location: 'global'
  tags: tags
  sku: { name: 'Standard_AzureFrontDoor' }
  properties: {
    // As long as an app may take for an answer.
    originResponseTimeoutSeconds: 230
  }
}

resource endpoint 'Microsoft.Cdn/profiles/afdEndpoints@2024-09-01' = {
  parent: profile
  name: 'waymark-${token}'
  location: 'global'
  tags: tags
  properties: { enabledState: 'Enabled' }
}

resource domain 'Microsoft.Cdn/profiles/customDomains@2024-09-01' = if (!empty(customDomain)) {
  parent: profile
  name: replace(empty(customDomain) ? 'none' : customDomain, '.', '-')
  properties: {
    hostName: customDomain
    tlsSettings: { certificateType: 'ManagedCertificate', minimumTlsVersion: 'TLS12' }
  }
}

// No health probes: each group has one origin, and a probe every few seconds from every edge
// would keep all apps awake.
resource groups 'Microsoft.Cdn/profiles/originGroups@2024-09-01' = [for flow in flows: {
  parent: profile
  name: flow.service
  properties: {
    loadBalancingSettings: {
      sampleSize: 4
      successfulSamplesRequired: 3
      additionalLatencyInMilliseconds: 50
    }
    sessionAffinityState: 'Disabled'
  }
}]

resource origins 'Microsoft.Cdn/profiles/originGroups/origins@2024-09-01' = [for (flow, position) in flows: {
  parent: groups[position]
  name: 'app'
  properties: {
    hostName: '${appNames[position]}.azurewebsites.net'
    originHostHeader: '${appNames[position]}.azurewebsites.net'
    httpPort: 80
    httpsPort: 443
    priority: 1
    weight: 1000
    enabledState: 'Enabled'
    enforceCertificateNameCheck: true
  }
}]

resource exceptions 'Microsoft.Cdn/profiles/ruleSets@2024-09-01' = {
  parent: profile
  name: 'exceptions'
}

// Paths that no prefix tells apart.
@batchSize(1)
resource exception 'Microsoft.Cdn/profiles/ruleSets/rules@2024-09-01' = [for (rule, position) in routes.rules: {
  parent: exceptions
  name: 'path${position}'
  dependsOn: [origins]
  properties: {
    order: position + 1
    matchProcessingBehavior: 'Continue'
    conditions: [
      {
        name: 'UrlPath'
        parameters: {
          typeName: 'DeliveryRuleUrlPathMatchConditionParameters'
          operator: 'RegEx'
          negateCondition: false
          matchValues: [rule.path]
          transforms: ['Lowercase']
        }
      }
    ]
    actions: [
      {
        name: 'RouteConfigurationOverride'
        parameters: {
          typeName: 'DeliveryRuleRouteConfigurationOverrideActionParameters'
          originGroupOverride: {
            originGroup: { id: resourceId('Microsoft.Cdn/profiles/originGroups', profile.name, replace(rule.app, '_', '-')) }
            forwardingProtocol: 'HttpsOnly'
          }
        }
      }
    ]
  }
}]

// The apps' own CORS answers which origin may call; it shows a browser no header of ours.
resource exposed 'Microsoft.Cdn/profiles/ruleSets/rules@2024-09-01' = if (hasOrigins) {
  parent: exceptions
  name: 'exposed'
  dependsOn: [exception]
  properties: {
    order: 90
    matchProcessingBehavior: 'Continue'
    conditions: []
    actions: [
      {
        name: 'ModifyResponseHeader'
        parameters: {
          typeName: 'DeliveryRuleHeaderActionParameters'
          headerAction: 'Overwrite'
          headerName: 'Access-Control-Expose-Headers'
          value: 'ETag, Retry-After, Traceparent, WWW-Authenticate, X-Experience-API-Version, X-Request-Id'
        }
      }
    ]
  }
}

resource routed 'Microsoft.Cdn/profiles/afdEndpoints/routes@2024-09-01' = [for route in routes.patterns: {
  parent: endpoint
  name: '${replace(route.app, '_', '-')}-${route.number}'
  dependsOn: [origins, exception, exposed]
  properties: {
    originGroup: { id: resourceId('Microsoft.Cdn/profiles/originGroups', profile.name, replace(route.app, '_', '-')) }
    patternsToMatch: route.paths
    supportedProtocols: ['Https']
    httpsRedirect: 'Disabled'
    forwardingProtocol: 'HttpsOnly'
    linkToDefaultDomain: 'Enabled'
    customDomains: ownDomain
    ruleSets: [{ id: exceptions.id }]
    enabledState: 'Enabled'
  }
}]

output profileName string = profile.name
output hostIds array = concat([endpoint.id], empty(customDomain) ? [] : [domain.id])
output frontDoorId string = profile.properties.frontDoorId
output host string = endpoint.properties.hostName
// What the owner of the domain puts into a TXT record at _dnsauth.
output domainToken string = empty(customDomain) ? '' : domain.properties.validationProperties.validationToken
