#!/bin/sh
# Put into the vaults what has to be there. The two keys of the house are made once, here, and are
# never written over: with another pseudonym key nobody could sign in any more.
set -eu
umask 077

vault() { # verb vault …: of the subscription that is deployed to, whichever az is set to
  verb=$1 of=$2
  shift 2
  az keyvault secret "$verb" --vault-name "$of" --subscription "$AZURE_SUBSCRIPTION_ID" "$@"
}

held() { # vault secret: "yes" or "no"; fails when the vault does not answer
  names=$(vault list "$1" --query '[].name' --output tsv) || return 1
  deleted=$(vault list-deleted "$1" --query '[].name' --output tsv) || return 1
  if printf '%s\n' "$deleted" | grep -qx "$2"; then
    echo "waymark: $2 was deleted from $1; recover it: az keyvault secret recover" >&2
    return 1
  fi
  if printf '%s\n' "$names" | grep -qx "$2"; then echo yes; else echo no; fi
}

patiently() { # a right that was just given takes minutes until it holds
  tries=0
  until held "$1" "$2"; do
    tries=$((tries + 1))
    if [ "$tries" -ge "${WAYMARK_VAULT_TRIES:-40}" ]; then
      echo "waymark: cannot read the vault $1; nothing was written to it" >&2
      return 1
    fi
    sleep "${WAYMARK_VAULT_WAIT:-15}"
  done
}

put() { # vault secret, the value on standard input, for arguments are seen by others
  file=$(mktemp)
  cat >"$file"
  vault set "$1" --name "$2" --file "$file" --output none
  rm -f "$file"
}

for name in waymark-token-key waymark-pseudonym-key; do
  answer=$(patiently "$WAYMARK_HOUSE_VAULT" "$name")
  if [ "$answer" = no ]; then
    python3 -c 'import secrets; print(secrets.token_urlsafe(48), end="")' | put "$WAYMARK_HOUSE_VAULT" "$name"
    echo "waymark: made $name; keep a copy of it in a safe place"
  fi
done

missing=
see_to() { # vault, JSON list of the secrets that are in use
  for name in $(printf '%s' "$2" | tr '[],"' '    '); do
    see_to_one "$1" "$name"
  done
}
see_to_one() { # vault secret
  answer=$(patiently "$1" "$2")
  if [ "$answer" = yes ]; then return; fi
  variable=$(printf '%s' "$2" | tr 'a-z-' 'A-Z_')
  value=$(printenv "$variable" || true)
  if [ -n "$value" ]; then
    printf '%s' "$value" | put "$1" "$2"
    echo "waymark: put $2 into the vault"
  else
    missing="$missing $1/$2"
  fi
}
see_to "$WAYMARK_HOUSE_VAULT" "${WAYMARK_HOUSE_SECRETS:-[]}"
see_to "$WAYMARK_PEERS_VAULT" "${WAYMARK_PEERS_SECRETS:-[]}"
# Apps that are new looked for their secrets before these were there.
sh infra/hooks/refresh_secrets.sh || echo "waymark: call infra/hooks/refresh_secrets.sh again" >&2
if [ -n "$missing" ]; then
  echo "waymark: these are in use and have no secret yet:$missing" >&2
  echo "waymark: az keyvault secret set --vault-name VAULT --name SECRET --file FILE" >&2
  exit 1
fi
