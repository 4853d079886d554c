import type { DialectName } from '../flags/correlation-flags.js'
import type { Dialect } from './command-endpoint.js'

/** Loads a dialect: other commands do not need its package. */
export async function loadDialect(name: DialectName): Promise<Dialect> {
  switch (name) {
    case 'aws-iot':
      return (await import('./aws-iot.js')).awsIot
    case 'azure-iot-operations':
      return (await import('./azure-iot-operations.js')).azureIotOperations
    case 'nestjs':
      return (await import('./nestjs.js')).nestJs
    case 'shelly':
      return (await import('./shelly.js')).shelly
    case 'thingsboard':
      return (await import('./thingsboard.js')).thingsBoard
    case 'zigbee2mqtt':
      return (await import('./zigbee2mqtt.js')).zigbee2Mqtt
  }
}
