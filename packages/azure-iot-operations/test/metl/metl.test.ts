import { describeWithFiles } from '@antiphon/workshop'
import { describeLevel } from './describe-level.js'
import { overBroker, overPacketStub, overTransportStub } from './levels.js'
import { metlFolder, metlSource } from './metl-case.js'

describeWithFiles({ folder: metlFolder, source: metlSource }, 'METL', () => {
  describeLevel('over a stub of the transport', () => overTransportStub)
  describeLevel('over a stub of packets', () => overPacketStub)
  describeLevel('over the broker', () => overBroker)
})
