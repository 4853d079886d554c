import { invalidArgument } from '../argument.js'
import type { Correlation } from '../correlation/correlation.js'

/** What an endpoint with request streams must not have. */
interface StreamContract {
  readonly cancel?: 'wire' | 'local'
  readonly acceptsNotifications?: boolean
}

/** Throws `invalid-argument` if the items of a request stream could not reach the responder that has it. */
export function requireStreamable(
  { cancel, acceptsNotifications }: StreamContract,
  { name, isMqtt5Only, readsPayload }: Correlation,
): void {
  const fault = 'a request stream needs'
  if (isMqtt5Only !== true || readsPayload)
    throw invalidArgument(`${fault} Correlation Data: use correlationData() in place of ${name}`)
  if (cancel === 'local')
    throw invalidArgument(`${fault} exchange control messages: leave out cancel, or set it to wire`)
  if (acceptsNotifications === true)
    throw invalidArgument(`${fault} a response topic: leave out acceptsNotifications`)
}
