import {
  numberRule,
  pickOptions,
  violationOf,
  wholeNumberRule,
  type OptionRule,
  type Violation,
} from '@antiphon/core/link'
import type { HookName } from './authority.js'

/** The rules of the properties of a verdict. Other properties are allowed: a program may attach its own. */
type Rules = Readonly<Record<string, OptionRule>>

const reasonCode = wholeNumberRule(0, 255)
const bytes: OptionRule = (value) => (value instanceof Uint8Array ? undefined : 'it must be a Uint8Array')

const admitRules: Rules = {
  expiresAt: numberRule(-Infinity),
  sessionExpiryInterval: numberRule(0),
  authenticationData: bytes,
}
const denyRules: Rules = { reasonCode, reasonString: 'string', serverReference: 'string' }

/** The rule of a result of `authenticate`: only `admit: true` admits a client, no other true value. */
const connectVerdict: OptionRule = (verdict) => {
  if (!isObject(verdict)) return 'it must be an object with admit or challenge'
  if ('challenge' in verdict) return violationWithin(verdict, { challenge: bytes }, 'challenge')
  const { admit } = verdict as { readonly admit?: unknown }
  if (admit === true) return violationWithin(verdict, admitRules)
  if (admit === false) return violationWithin(verdict, denyRules, 'reasonCode')
  return violationWithin(verdict, { admit: [true, false] }, 'admit')
}

const publishVerdict: OptionRule = (verdict) => {
  if (verdict === 'allow') return undefined
  if (!isObject(verdict)) return "it must be 'allow', or an object with refuse, close or take"
  if ('take' in verdict) return undefined
  const name = 'close' in verdict ? 'close' : 'refuse'
  return violationWithin(verdict, { [name]: reasonCode, reasonString: 'string' }, name)
}

const subscribeVerdict: OptionRule = (verdict) => {
  if (verdict === 'allow') return undefined
  if (!isObject(verdict)) return "it must be 'allow', or an object with maximumQoS or refuse"
  return 'maximumQoS' in verdict
    ? violationWithin(verdict, { maximumQoS: [0, 1, 2] }, 'maximumQoS')
    : violationWithin(verdict, { refuse: reasonCode, reasonString: 'string' }, 'refuse')
}

const unsubscribeVerdict: OptionRule = (verdict) => {
  if (verdict === 'allow') return undefined
  if (!isObject(verdict)) return "it must be 'allow', or an object with refuse"
  return violationWithin(verdict, { refuse: reasonCode }, 'refuse')
}

const deliveryVerdict: OptionRule = (verdict) =>
  verdict === 'allow' || verdict === 'refuse'
    ? undefined
    : "it must be 'allow' or 'refuse'; this hook cannot be asynchronous"

type CheckedResult = Exclude<HookName, 'onPublish' | 'onDisconnect'> | 'taken'

/** The checks of what hooks return. Each returns what is wrong with a result. */
export const verdictViolations: Readonly<Record<CheckedResult, (result: unknown) => Violation>> = {
  authenticate: checkOf(connectVerdict),
  authorizePublish: checkOf(publishVerdict),
  authorizeSubscribe: checkOf(subscribeVerdict),
  authorizeUnsubscribe: checkOf(unsubscribeVerdict),
  authorizeDelivery: checkOf(deliveryVerdict),
  /** The reason code of a message that `authorizePublish` has taken. */
  taken: checkOf(reasonCode),
}

function checkOf(rule: OptionRule): (result: unknown) => Violation {
  return (result) => {
    // An option may be undefined, a verdict may not.
    const checked = result === undefined ? null : result
    return violationOf({ verdict: rule }, { verdict: checked }, undefined)?.slice(1)
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function violationWithin(verdict: object, rules: Rules, required?: string): Violation {
  if (required !== undefined && verdict[required as keyof object] === undefined)
    return `.${required} is missing`
  return violationOf(rules, pickOptions(verdict, rules), undefined)
}
