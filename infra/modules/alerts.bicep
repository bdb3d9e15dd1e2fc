metadata description = 'What somebody is told of by mail: each of these is answered by a runbook in docs/operating.md.'

param token string
param location string
param tags object

@description('Where the mails go.')
param address string
param workspaceName string
param serviceBusName string
param cosmosName string
param frontDoorName string

@description('The topic that tells of dropped files.')
param dropsName string

// Lines of the log that nobody else waits for: work of the night, files and erasures that stop. A call
// that broke is answered with 500, and a message that was not handled becomes a dead letter.
var worrying = [
  'accounts.not_tidied'
  'backup.failed'
  'backup.not_read'
  'backup.self_test_failed'
  'candidate.not_expired'
  'erasure.not_taken_up'
  'exhaustion.not_told'
  'export.not_dropped'
  'file.exhausted'
  'file.gave_up'
  'files.not_erased'
  'intake.not_nudged'
  'job.abandoned'
  'job.not_nudged'
  'journey.not_archived'
  'leaderboards.not_built'
  'profile_snapshot.not_made'
  'restore.failed'
  'restore.wrote_late'
  'retention.task_broke'
]
// One alert for each line, so that one does not hide another.
var byLine = [{ name: 'Message', operator: 'Include', values: ['*'] }]
var queries = [
  {
    name: 'unattended'
    says: 'Work that nobody waits for failed; the line of the log says which.'
    severity: 2
    every: 'PT15M'
    within: 'PT30M'
    query: 'AppTraces | where SeverityLevel >= 3 and Message in (dynamic(${string(worrying)}))'
    dimensions: byLine
  }
  {
    // Nothing was measured at all, or the relay is up for a day and no night of two has brought a backup.
    name: 'no-backup'
    says: 'No backup was finished in the last two days.'
    severity: 1
    every: 'PT1H'
    within: 'P2D'
    query: 'AppMetrics | where Name in ("waymark.backups.finished", "waymark.outbox.oldest_age") | summarize first = min(TimeGenerated), finished = countif(Name == "waymark.backups.finished") | where finished == 0 and (isnull(first) or first < ago(25h))'
    dimensions: []
  }
  {
    name: 'unsent-events'
    says: 'Events are not sent: one has waited for five minutes, or the relay says nothing.'
    severity: 2
    every: 'PT15M'
    within: 'PT30M'
    query: 'AppMetrics | where Name == "waymark.outbox.oldest_age" | summarize samples = count(), oldest = max(Sum) | where samples == 0 or oldest > 300'
    dimensions: []
  }
  {
    name: 'log-is-full'
    says: 'The gigabytes of a day are used up: until the next nothing is logged, and other alerts err.'
    severity: 2
    every: 'PT15M'
    within: 'PT30M'
    query: '_LogOperation | where Category =~ "Ingestion" and Detail contains "OverQuota"'
    dimensions: []
  }
]

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' existing = {
  name: workspaceName
}

resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' existing = {
  name: serviceBusName
}

resource account 'Microsoft.DocumentDB/databaseAccounts@2025-04-15' existing = {
  name: cosmosName
}

resource profile 'Microsoft.Cdn/profiles@2024-09-01' existing = {
  name: frontDoorName
}

resource topic 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: dropsName
}

resource operators 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'operators-${token}'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'waymark'
    enabled: true
    emailReceivers: [
      { name: 'operators', emailAddress: address, useCommonAlertSchema: true }
    ]
  }
}

resource deadLetters 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'dead-letters-${token}'
  location: 'global'
  tags: tags
  properties: {
    description: 'A message could not be handled after its last delivery.'
    severity: 2
    enabled: true
    scopes: [namespace.id]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: 'of each entity'
          metricNamespace: 'Microsoft.ServiceBus/namespaces'
          metricName: 'DeadletteredMessages'
          dimensions: [{ name: 'EntityName', operator: 'Include', values: ['*'] }]
          timeAggregation: 'Maximum'
          operator: 'GreaterThan'
          threshold: 0
        }
      ]
    }
    autoMitigate: true
    actions: [{ actionGroupId: operators.id }]
  }
}

resource undeliveredDrops 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'undelivered-drops-${token}'
  location: 'global'
  tags: tags
  properties: {
    description: 'The trigger was not told of a dropped file, for a day.'
    severity: 2
    enabled: true
    scopes: [topic.id]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: 'any'
          metricNamespace: 'Microsoft.EventGrid/systemTopics'
          metricName: 'DeadLetteredCount'
          timeAggregation: 'Total'
          operator: 'GreaterThan'
          threshold: 0
        }
      ]
    }
    autoMitigate: true
    actions: [{ actionGroupId: operators.id }]
  }
}

resource failedAnswers 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'failed-answers-${token}'
  location: 'global'
  tags: tags
  properties: {
    description: 'On average more than one answer in twenty is a 5xx, and they are ten at least.'
    severity: 1
    enabled: true
    scopes: [profile.id]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: 'their share'
          metricNamespace: 'Microsoft.Cdn/profiles'
          metricName: 'Percentage5XX'
          timeAggregation: 'Average'
          operator: 'GreaterThan'
          threshold: 5
        }
        {
          criterionType: 'StaticThresholdCriterion'
          name: 'their number'
          metricNamespace: 'Microsoft.Cdn/profiles'
          metricName: 'RequestCount'
          dimensions: [{ name: 'HttpStatusGroup', operator: 'Include', values: ['5XX'] }]
          timeAggregation: 'Total'
          operator: 'GreaterThanOrEqual'
          threshold: 10
        }
      ]
    }
    autoMitigate: true
    actions: [{ actionGroupId: operators.id }]
  }
}

resource throttled 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'throttled-${token}'
  location: 'global'
  tags: tags
  properties: {
    description: 'Cosmos DB refuses calls because there are too many.'
    severity: 3
    enabled: true
    scopes: [account.id]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: 'of each container'
          metricNamespace: 'Microsoft.DocumentDB/databaseAccounts'
          metricName: 'TotalRequests'
          dimensions: [
            { name: 'StatusCode', operator: 'Include', values: ['429'] }
            { name: 'CollectionName', operator: 'Include', values: ['*'] }
          ]
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 100
        }
      ]
    }
    autoMitigate: true
    actions: [{ actionGroupId: operators.id }]
  }
}

resource asked 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [for each in queries: {
  name: '${each.name}-${token}'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: each.name
    description: each.says
    severity: each.severity
    enabled: true
    scopes: [workspace.id]
    evaluationFrequency: each.every
    windowSize: each.within
    criteria: {
      allOf: [
        {
          query: each.query
          timeAggregation: 'Count'
          dimensions: each.dimensions
          operator: 'GreaterThan'
          threshold: 0
          failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
        }
      ]
    }
    autoMitigate: true
    // The workspace is new, and has no such tables before the first line.
    skipQueryValidation: true
    actions: { actionGroups: [operators.id] }
  }
}]
