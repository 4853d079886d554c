/**
 * Replaces the Zigbee radio of a Zigbee2MQTT process: `node --import <this file> <zigbee2mqtt>/index.js`, started with an IPC
 * channel. All else is the program as it is installed, with its own Zigbee stack.
 *
 * There are two devices, a bulb and a plug. They obey commands and answer reads. Messages of the parent process:
 * `{ device, isReachable }` puts a device out of reach or back; `{ device, report }` makes it report whether it is on.
 */
import { createRequire } from 'node:module'

const load = createRequire(process.argv[1])
const { Adapter } = load('zigbee-herdsman/dist/adapter/adapter')
const { Zcl } = load('zigbee-herdsman')

const attributes = () => ({ zclVersion: 3, onOff: 0, currentLevel: 100, startUpOnOff: 0 })
const devices = {
  bulb: { ieee: '0x000b57fffec6a5b2', address: 40369, isReachable: true, values: attributes() },
  plug: { ieee: '0x000b57fffe3a563b', address: 40370, isReachable: true, values: attributes() },
}

class Radio extends Adapter {
  async start() {
    return 'resumed'
  }
  async stop() {}
  async permitJoin() {}
  async supportsBackup() {
    return false
  }
  async getCoordinatorIEEE() {
    return '0x00124b00120144ae'
  }
  async getCoordinatorVersion() {
    return { type: 'none', meta: {} }
  }
  async getNetworkParameters() {
    return { panID: 6754, extendedPanID: '0xdddddddddddddddd', channel: 11, nwkUpdateID: 0 }
  }
  async sendZdo() {
    return [0, undefined]
  }
  async sendZclFrameToAll() {}
  async sendZclFrameToGroup() {}
  async sendZclFrameToEndpoint(ieee, _address, _endpoint, { header, cluster, command, payload }) {
    const device = Object.values(devices).find((known) => known.ieee === ieee)
    if (!device?.isReachable) throw new Error('the device is out of reach')
    const { values } = device
    if (command.name === 'read') {
      const results = payload.map(({ attrId }) => resultOf(cluster, attrId, values))
      return this.receive(device, cluster.ID, 'readRsp', results, header.transactionSequenceNumber)
    }
    if (command.name === 'configReport') {
      return this.receive(
        device,
        cluster.ID,
        'configReportRsp',
        [{ status: 0 }],
        header.transactionSequenceNumber,
      )
    }
    if (command.name === 'on' || command.name === 'off') values.onOff = command.name === 'on' ? 1 : 0
    if (command.name === 'toggle') values.onOff = 1 - values.onOff
    if (command.name.startsWith('moveToLevel')) values.currentLevel = payload.level
    return undefined
  }
  /** Hands a frame of a device to the stack, as a radio does. */
  receive({ address }, clusterID, command, payload, number = 0) {
    const { GLOBAL } = Zcl.FrameType
    const { SERVER_TO_CLIENT } = Zcl.Direction
    const frame = Zcl.Frame.create(
      GLOBAL,
      SERVER_TO_CLIENT,
      true,
      undefined,
      number,
      command,
      clusterID,
      payload,
      {},
    )
    const data = frame.toBuffer()
    const header = Zcl.Header.fromBuffer(data)
    const message = { clusterID, address, header, data, endpoint: 1, linkquality: 100, groupID: 0 }
    const received = { ...message, wasBroadcast: false, destinationEndpoint: 1 }
    this.emit('zclPayload', received)
    return received
  }
}

function resultOf(cluster, attrId, values) {
  const [name, attribute] = Object.entries(cluster.attributes).find(([, { ID }]) => ID === attrId) ?? []
  return name in values
    ? { attrId, status: Zcl.Status.SUCCESS, dataType: attribute.type, attrData: values[name] }
    : { attrId, status: Zcl.Status.UNSUPPORTED_ATTRIBUTE }
}

let radio
Adapter.create = async (...options) => (radio = new Radio(...options))

process.on('message', ({ device: name, isReachable, report }) => {
  const device = devices[name]
  if (isReachable !== undefined) device.isReachable = isReachable
  if (report === undefined) return
  device.values.onOff = report ? 1 : 0
  const { ID } = Zcl.Clusters.genOnOff
  const { onOff } = Zcl.Clusters.genOnOff.attributes
  radio.receive(device, ID, 'report', [
    { attrId: onOff.ID, dataType: onOff.type, attrData: device.values.onOff },
  ])
})
