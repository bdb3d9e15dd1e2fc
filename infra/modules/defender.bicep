metadata description = 'Microsoft Defender for Storage on the account of people\'s files: scans what is uploaded.'

param accountName string

@description('Gigabytes scanned a month at most; what comes beyond has no verdict, and waits.')
param mostGigabytes int

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: accountName
}

resource defender 'Microsoft.Security/defenderForStorageSettings@2022-12-01-preview' = {
  name: 'current'
  scope: account
  properties: {
    isEnabled: true
    overrideSubscriptionLevelSettings: true
    malwareScanning: {
      onUpload: {
        isEnabled: true
        capGBPerMonth: mostGigabytes
      }
    }
    sensitiveDataDiscovery: { isEnabled: false }
  }
}
