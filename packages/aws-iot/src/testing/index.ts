/**
 * Marble tests of devices of AWS IoT.
 *
 * @packageDocumentation
 */

export { withLocalService } from './with-local-service.js'
export type { LocalServiceContext } from './with-local-service.js'
