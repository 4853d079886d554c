import { type OptionRule, type OptionRules, pickOptions, requireArgument } from '@antiphon/core/link'
import type { MqttOptions, SessionOptions } from '../options.js'
import { sessionOptionRules } from '../session-option-rules.js'
import type { WebOptions } from './options.js'

/** Rejects an option of `@antiphon/mqtt`, with what to do; the value may be secret. */
const elsewhere: OptionRule = () =>
  ': it is not available here, where the platform opens the WebSocket; leave it out, or use connect of @antiphon/mqtt'

/** The options of `@antiphon/mqtt` that this link has not. */
const elsewhereRules: OptionRules<Omit<MqttOptions, keyof SessionOptions>> = {
  ca: elsewhere,
  cert: elsewhere,
  key: elsewhere,
  passphrase: elsewhere,
  rejectUnauthorized: elsewhere,
  servername: elsewhere,
  ALPNProtocols: elsewhere,
  wsOptions: elsewhere,
  tunnel: elsewhere,
  unref: elsewhere,
  timerVariant: elsewhere,
}

/** The rules of `WebOptions`. */
export const webOptionRules: OptionRules<WebOptions, WebOptions> = {
  ...sessionOptionRules,
  webSocket: 'function',
}

/** Throws `invalid-argument` for an option of `@antiphon/mqtt` that this link has not. */
export function assertAvailable(options: object): void {
  // A spread, because the options may be no object; the rules of all options say so.
  requireArgument('options', pickOptions({ ...options }, elsewhereRules), elsewhereRules)
}
