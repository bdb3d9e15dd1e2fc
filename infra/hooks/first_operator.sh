#!/bin/sh
# Invite the first operator of a house: infra/hooks/first_operator.sh ada@example.org
# Lets whoever is signed in read and write documents for that, and takes it back again.
set -eu
address=$1
eval "$(azd env get-values)"
python=python3
[ -x .venv/bin/python ] && python=.venv/bin/python
me=$(az ad signed-in-user show --query id --output tsv)
right=$("$python" -c 'import uuid; print(uuid.uuid4())')

back() {
  az cosmosdb sql role assignment delete --account-name "$WAYMARK_COSMOS_ACCOUNT" \
    --resource-group "$AZURE_RESOURCE_GROUP" --subscription "$AZURE_SUBSCRIPTION_ID" \
    --role-assignment-id "$right" --yes --output none
}
trap back EXIT
# 00000000-0000-0000-0000-000000000002 is Cosmos DB Built-in Data Contributor.
az cosmosdb sql role assignment create --account-name "$WAYMARK_COSMOS_ACCOUNT" \
  --resource-group "$AZURE_RESOURCE_GROUP" --subscription "$AZURE_SUBSCRIPTION_ID" \
  --role-assignment-id "$right" --principal-id "$me" \
  --role-definition-id 00000000-0000-0000-0000-000000000002 --scope /dbs/waymark --output none

secret() {
  az keyvault secret show --vault-name "$WAYMARK_HOUSE_VAULT" --subscription "$AZURE_SUBSCRIPTION_ID" \
    --name "$1" --query value --output tsv
}
WAYMARK_TOKEN_KEY=$(secret waymark-token-key)
WAYMARK_PSEUDONYM_KEY=$(secret waymark-pseudonym-key)
export WAYMARK_TOKEN_KEY WAYMARK_PSEUDONYM_KEY
# What this tells others stays in the outbox; the relay sends it, for nobody here may.
invite() {
  WAYMARK_STORES=azure ServiceBus__fullyQualifiedNamespace="$WAYMARK_SERVICE_BUS_HOST" \
    Blobs__blobServiceUri="$WAYMARK_FILES_URI" WAYMARK_COSMOS_ENDPOINT="$WAYMARK_COSMOS_ENDPOINT" \
    "$python" -m tools.invite_operator "$address"
}
# The right was given a moment ago and takes minutes until it holds: 3 says that it does not yet.
tries=0
while :; do
  status=0
  invite || status=$?
  tries=$((tries + 1))
  if [ "$status" -ne 3 ] || [ "$tries" -ge "${WAYMARK_RIGHT_TRIES:-40}" ]; then exit "$status"; fi
  sleep "${WAYMARK_RIGHT_WAIT:-15}"
done
