import type { EndpointTypes } from '@antiphon/core'
import { law, type Law } from '../law.js'
import type { Convention } from './convention.js'
import { conventionWorld } from './convention-world.js'
import { requesterLaws } from './requester-laws.js'
import { responderLaws } from './responder-laws.js'

/**
 * Returns the laws of an endpoint in the convention of a platform, for any test framework: its requesters and responders
 * work with peers that do not use this library.
 *
 * As requester and as responder, and over both versions of MQTT, they test a response, a failure, no response, malformed,
 * late and repeated messages, two requests at once, and a reconnect.
 *
 * @example
 * ```ts
 * describe('shelly', () => {
 *   for (const law of conventionLaws({ endpoint, example, peer })) it(law.name, law.check)
 * })
 * ```
 */
export function conventionLaws<T extends EndpointTypes>(convention: Convention<T>): readonly Law[] {
  const { protocolVersions = [4, 5] } = convention
  const roles = { requester: requesterLaws(convention), responder: responderLaws(convention) }
  return protocolVersions.flatMap((version) =>
    Object.entries(roles).flatMap(([role, laws]) =>
      laws.map(({ name, check }) =>
        law(`as ${role} over protocol version ${version}: ${name}`, () =>
          check(conventionWorld(convention, version)),
        ),
      ),
    ),
  )
}
