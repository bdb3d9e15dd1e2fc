metadata description = 'A vault for secrets, which are put there by hand or by a hook, never by a deployment.'

param name string
param location string
param tags object

@description('Whether only private endpoints lead here.')
param isPrivate bool

@description('Addresses or CIDR ranges that may come from outside a private network all the same.')
param allowedAddresses array

@description('Object id of who deploys, and puts the secrets there; nobody when it is empty.')
param officerId string

@allowed(['User', 'ServicePrincipal'])
param officerType string

@description('Where its log goes.')
param workspaceId string

var addresses = isPrivate ? allowedAddresses : []
var keyVaultSecretsOfficer = 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7' // Key Vault Secrets Officer

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    // The key of pseudonyms must never be lost: nobody could sign in any more.
    enablePurgeProtection: true
    softDeleteRetentionInDays: 90
    publicNetworkAccess: isPrivate && empty(allowedAddresses) ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'None'
      defaultAction: isPrivate ? 'Deny' : 'Allow'
      ipRules: [for address in addresses: { value: address }]
    }
  }
}

resource officer 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(officerId)) {
  scope: vault
  name: guid(vault.id, officerId, keyVaultSecretsOfficer)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', keyVaultSecretsOfficer)
    principalId: officerId
    principalType: officerType
  }
}

// Who read or wrote which secret.
resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: vault
  name: 'audit'
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'audit', enabled: true }]
  }
}

output name string = vault.name
