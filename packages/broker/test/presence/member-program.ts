import { parseArgs } from 'node:util'
import { presence } from '@antiphon/core/presence'
import { connect } from '@antiphon/mqtt'

// The program of a member: announces itself, and closes its link when a line arrives on stdin.
const { positionals } = parseArgs({ allowPositionals: true })
const [url = '', clientId = '', version = '5', delay = '0'] = positionals
const self = presence({ clientId, willDelayInterval: Number(delay), metadata: { version } })
const protocolVersion = version === '4' ? 4 : 5
const link = self.announce(connect(url, { clientId, protocolVersion, will: self.will }))

process.stdin.once('data', () => {
  void link.close().then(() => process.exit())
})
