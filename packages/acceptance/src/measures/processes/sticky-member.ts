import { connect } from '@antiphon/mqtt'
import { readRole } from '../../process/parent-process.js'
import { startStickyMember } from '../cases/sticky-member.js'
import type { MemberRole } from '../cases/sticky-member-process.js'

const { url, clientId } = readRole<MemberRole>()
await startStickyMember(clientId, (options) => connect(url, { clientId, ...options }), {
  handlerTime: 50,
  onRequest: () => undefined,
})
process.on('disconnect', () => process.exit())
process.send?.('ready')
