import {
  invalidArgument,
  type OptionRule,
  type OptionRules,
  requireArgument,
  violationOf,
} from '@antiphon/core/link'
import { type Address, isBrowser } from './address.js'
import type { MqttOptions } from './options.js'
import { secretRule, sessionConflict, sessionOptionRules, stringRule } from './session-option-rules.js'

type Rule = OptionRule<MqttOptions>

const nodeOnly =
  (rule: Rule): Rule =>
  (value, options) =>
    isBrowser() ? 'it is not available in a browser; leave it out' : violationOf(rule, value, options)

const pemRule: OptionRule = (value) => {
  const parts: readonly unknown[] = Array.isArray(value) ? value : [value]
  const isValid = parts.every((part) => typeof part === 'string' || part instanceof Uint8Array)
  return isValid && parts.length > 0
    ? undefined
    : 'it must be PEM text, its bytes, or a non-empty array of these'
}

const protocolListRule: OptionRule = (value) =>
  Array.isArray(value) && value.every((name) => typeof name === 'string')
    ? undefined
    : 'it must be an array of strings'

/** The rules of `MqttOptions`. */
export const mqttOptionRules: OptionRules<MqttOptions, MqttOptions> = {
  ...sessionOptionRules,
  ca: nodeOnly(pemRule),
  cert: nodeOnly(pemRule),
  key: nodeOnly(secretRule(pemRule)),
  passphrase: nodeOnly(secretRule(stringRule)),
  rejectUnauthorized: nodeOnly([true, false]),
  servername: nodeOnly(stringRule),
  ALPNProtocols: nodeOnly(protocolListRule),
  wsOptions: nodeOnly('object'),
  tunnel: nodeOnly('function'),
  unref: nodeOnly([true, false]),
  timerVariant: ['auto', 'worker', 'native'],
}

/** Throws `invalid-argument`, with option, value and rule, if an option is invalid or two options exclude each other. */
export function assertOptions(options: MqttOptions, address: Address): void {
  requireArgument('options', options, mqttOptionRules, options)
  const conflict = conflictOf(options, address)
  if (conflict !== undefined) throw invalidArgument(conflict)
}

/** Describes the first pair of options that are valid alone but exclude each other. */
function conflictOf(options: MqttOptions, address: Address): string | undefined {
  const { cert, key } = options
  if ((cert === undefined) !== (key === undefined)) return 'options cert and key need each other'
  if (cert !== undefined && (address.protocol === 'mqtt' || address.protocol === 'ws')) {
    return `options.cert needs TLS, which ${address.text} does not use: use mqtts: or wss:`
  }
  return sessionConflict(options, address)
}
