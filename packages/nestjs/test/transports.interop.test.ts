import { describeForeign, startMosquitto } from '@antiphon/workshop'
import { transportSuite } from './transport-suite.js'

describeForeign(['mosquitto'], 'On Mosquitto', () => transportSuite(startMosquitto))
