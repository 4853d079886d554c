import type { BrokerOptions } from '../options.js'
import type { Config } from './config.js'

/** Returns the options of the broker that settings describe, without those that are read from files. */
export function toBrokerOptions({
  listen: _listen,
  users: _users,
  passwordFile: _passwordFile,
  aclFile: _aclFile,
  allowAnonymous: _allowAnonymous,
  certificateUser: _certificateUser,
  data: _data,
  logLevel: _logLevel,
  logFormat: _logFormat,
  monitor: _monitor,
  sysPeriod: _sysPeriod,
  responseInformation,
  ...options
}: Config): BrokerOptions {
  return responseInformation === undefined
    ? options
    : { ...options, responseInformation: () => responseInformation }
}
