import { describeForeign } from '@antiphon/workshop'
import { registerContracts } from './mosquitto-contracts.js'

describeForeign(
  ['mosquitto'],
  'contracts over the WebSockets of Mosquitto without MQTT.js, MQTT 3.1.1',
  () => {
    registerContracts(4, {
      link: ['identifiers', 'no-subscribers', 'properties', 'receive-maximum', 'refuse-publish'],
      exchange: ['no-subscribers', 'properties', 'refuse-publish'],
    })
  },
)
