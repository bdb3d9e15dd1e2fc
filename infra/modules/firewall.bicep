metadata description = 'How many calls one address may make at the front door.'

param token string
param tags object

@description('Name of the front door\'s profile.')
param profileName string

@description('Ids of its hosts: the endpoint and a domain of your own.')
param hostIds array

@description('Calls of one address in a minute, at each of the places where Azure counts them.')
param callsPerMinute int

resource profile 'Microsoft.Cdn/profiles@2024-09-01' existing = {
  name: profileName
}

resource policy 'Microsoft.Network/FrontDoorWebApplicationFirewallPolicies@2024-02-01' = {
  name: 'waf${token}'
  location: 'global'
  tags: tags
  sku: { name: 'Standard_AzureFrontDoor' }
  properties: {
    policySettings: {
      enabledState: 'Enabled'
      mode: 'Prevention'
      // No rule here looks into bodies, and files are larger than what would be looked at.
      requestBodyCheck: 'Disabled'
      customBlockResponseStatusCode: 429
      customBlockResponseBody: base64('Too many calls from this address; try again in a minute.')
    }
    customRules: {
      rules: [
        {
          name: 'CallsOfAnAddress'
          priority: 1
          enabledState: 'Enabled'
          ruleType: 'RateLimitRule'
          rateLimitDurationInMinutes: 1
          rateLimitThreshold: callsPerMinute
          groupBy: [{ variableName: 'SocketAddr' }]
          action: 'Block'
          // A rule needs a condition. Nobody has an address of these, which are for documents (RFC 5737).
          matchConditions: [
            {
              matchVariable: 'SocketAddr'
              operator: 'IPMatch'
              negateCondition: true
              matchValue: ['192.0.2.0/24']
            }
          ]
        }
      ]
    }
  }
}

resource held 'Microsoft.Cdn/profiles/securityPolicies@2024-09-01' = {
  parent: profile
  name: 'calls'
  properties: {
    parameters: {
      type: 'WebApplicationFirewall'
      wafPolicy: { id: policy.id }
      associations: [
        {
          domains: [for id in hostIds: { id: id }]
          patternsToMatch: ['/*']
        }
      ]
    }
  }
}
