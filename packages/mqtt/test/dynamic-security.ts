/** Debian's path of Mosquitto's dynamic security plugin. */
const plugin = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/mosquitto_dynamic_security.so`

/** What the broker refuses. */
export interface Rules {
  /** Filters whose SUBSCRIBE is refused. */
  readonly subscribe?: readonly string[]
  /** Topics whose PUBLISH is refused; wildcards as in filters. */
  readonly publish?: readonly string[]
}

/** Creates the configuration lines and the rule file of a Mosquitto that allows everything except the rules. */
export function dynamicSecurity(
  file: string,
  { subscribe = [], publish = [] }: Rules = {},
): {
  readonly config: readonly string[]
  readonly rules: string
} {
  const acls = [
    ...subscribe.map((topic) => ({ acltype: 'subscribeLiteral', topic, priority: 1, allow: false })),
    ...publish.map((topic) => ({ acltype: 'publishClientSend', topic, priority: 1, allow: false })),
    { acltype: 'publishClientSend', topic: '$CONTROL/#', priority: 0, allow: true },
  ]
  const rules = {
    defaultACLAccess: {
      publishClientSend: true,
      publishClientReceive: true,
      subscribe: true,
      unsubscribe: true,
    },
    clients: [],
    groups: [{ groupname: 'everyone', roles: [{ rolename: 'guest', priority: 0 }], clients: [] }],
    roles: [{ rolename: 'guest', acls }],
    anonymousGroup: 'everyone',
  }
  return { config: [`plugin ${plugin}`, `plugin_opt_config_file ${file}`], rules: JSON.stringify(rules) }
}

/** Creates the message that adds a rule to a running broker, which then disconnects its anonymous clients. */
export function refusal(
  kind: 'subscribe' | 'publish',
  topic: string,
): { topic: string; payload: Uint8Array } {
  const acltype = kind === 'subscribe' ? 'subscribeLiteral' : 'publishClientSend'
  const command = { command: 'addRoleACL', rolename: 'guest', acltype, topic, priority: 1, allow: false }
  return {
    topic: '$CONTROL/dynamic-security/v1',
    payload: new TextEncoder().encode(JSON.stringify({ commands: [command] })),
  }
}
