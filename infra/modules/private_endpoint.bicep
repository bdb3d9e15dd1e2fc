metadata description = 'A private way to one service, under its usual name.'

param name string
param location string
param tags object
param subnetId string

@description('The service that it leads to.')
param targetId string

@description('Which part of it: blob, queue, Sql, namespace, vault.')
param groupId string

@description('The private DNS zone that its name is kept in, of this resource group.')
param zoneName string

resource zone 'Microsoft.Network/privateDnsZones@2020-06-01' existing = {
  name: zoneName
}

resource endpoint 'Microsoft.Network/privateEndpoints@2024-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    subnet: { id: subnetId }
    privateLinkServiceConnections: [
      {
        name: name
        properties: {
          privateLinkServiceId: targetId
          groupIds: [groupId]
        }
      }
    ]
  }
}

resource names 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-05-01' = {
  parent: endpoint
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [
      {
        name: 'zone'
        properties: { privateDnsZoneId: zone.id }
      }
    ]
  }
}
