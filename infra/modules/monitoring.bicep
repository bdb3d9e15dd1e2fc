metadata description = 'Where logs, traces and metrics go. Nobody writes there with a key.'

param token string
param location string
param tags object

@description('Days that logs are kept; 30 cost nothing more than taking them in.')
@minValue(30)
@maxValue(730)
param logDays int

@description('Gigabytes taken in a day; what comes beyond is dropped until the next.')
param dailyLogGigabytes int

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: 'log-${token}'
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: logDays
    workspaceCapping: { dailyQuotaGb: dailyLogGigabytes }
    features: {
      disableLocalAuth: true
      enableLogAccessUsingOnlyResourcePermissions: true
    }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: 'appi-${token}'
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    IngestionMode: 'LogAnalytics'
    DisableLocalAuth: true
  }
}

output workspaceName string = workspace.name
output workspaceId string = workspace.id
output insightsName string = insights.name
// No secret: with local authentication off it names the place and opens nothing.
output connectionString string = insights.properties.ConnectionString
