metadata description = 'One identity for each app.'

param names array
param location string
param tags object

resource identities 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = [for name in names: {
  name: name
  location: location
  tags: tags
}]

output ids array = [for (name, position) in names: identities[position].id]
output clientIds array = [for (name, position) in names: identities[position].properties.clientId]
output principalIds array = [for (name, position) in names: identities[position].properties.principalId]
