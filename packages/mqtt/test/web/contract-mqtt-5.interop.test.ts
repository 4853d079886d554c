import { describeForeign } from '@antiphon/workshop'
import { registerContracts } from './mosquitto-contracts.js'

describeForeign(['mosquitto'], 'contracts over the WebSockets of Mosquitto without MQTT.js, MQTT 5', () => {
  registerContracts(5, { link: ['receive-maximum'], exchange: [] })
})
