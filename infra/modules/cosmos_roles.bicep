metadata description = 'Lets the apps read and write documents.'

param accountName string
param databaseName string
param principalIds array

var dataContributor = '00000000-0000-0000-0000-000000000002' // Cosmos DB Built-in Data Contributor

resource account 'Microsoft.DocumentDB/databaseAccounts@2025-04-15' existing = {
  name: accountName
}

// On the database and not on single containers: flows read one another's documents, an erasure
// goes through all of them, and what keeps tenants apart is the first part of every partition key.
// One at a time: the account takes one change of its roles at once.
@batchSize(1)
resource writers 'Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments@2025-04-15' = [for principalId in principalIds: {
  parent: account
  name: guid(account.id, databaseName, principalId, dataContributor)
  properties: {
    roleDefinitionId: '${account.id}/sqlRoleDefinitions/${dataContributor}'
    principalId: principalId
    scope: '${account.id}/dbs/${databaseName}'
  }
}]
