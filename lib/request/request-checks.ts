import { errors } from '../compat/undici.ts'
import type { Handler } from '../compat/handler.ts'
import { isHeaderValue, isToken } from './request-headers.ts'
import { isTlsName } from './tls-name.ts'

const { InvalidArgumentError } = errors

/** The options of dispatch(): undici's, and whatever else callers put in. */
export interface DispatchOptions {
  readonly [option: string]: unknown
}

/** What a method says about its request's body. */
export interface Method {
  readonly name: string
  /** whether a request without a body has `content-length: 0` */
  readonly expectsBody: boolean
  /** whether a wrong declared length is corrected instead of refused */
  readonly forgivesLength: boolean
  readonly isIdempotent: boolean
}

const methods = new Map<unknown, Method>()
const expectingBody = ['POST', 'PUT', 'PATCH', 'QUERY', 'PROPFIND', 'PROPPATCH']
const forgivingLength = ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'CONNECT']
for (const name of [...expectingBody, ...forgivingLength, 'DELETE']) {
  methods.set(name, describe(name))
}

/** Throws undici's error if `method` is not a method. */
export function requestMethod(method: unknown): Method {
  return methods.get(method) ?? otherMethod(method)
}

/** Checks the options that most requests do not have, in undici's order and with its messages. */
export function checkOptions(options: DispatchOptions): void {
  const { upgrade, reset, expectContinue, maxRedirections, servername, typeOfService } = options
  if (upgrade) {
    checkUpgrade(upgrade)
  }
  checkTimeout(options['headersTimeout'], 'invalid headersTimeout')
  checkTimeout(options['bodyTimeout'], 'invalid bodyTimeout')
  if (reset !== undefined && reset !== null && typeof reset !== 'boolean') {
    throw new InvalidArgumentError('invalid reset')
  }
  if (
    expectContinue !== undefined &&
    expectContinue !== null &&
    typeof expectContinue !== 'boolean'
  ) {
    throw new InvalidArgumentError('invalid expectContinue')
  }
  if (options['throwOnError'] !== undefined && options['throwOnError'] !== null) {
    throw new InvalidArgumentError('invalid throwOnError')
  }
  if (maxRedirections !== undefined && maxRedirections !== null && maxRedirections !== 0) {
    throw new InvalidArgumentError('maxRedirections is not supported, use the redirect interceptor')
  }
  if (typeof servername === 'string' && servername !== '' && !isTlsName(servername)) {
    throw new InvalidArgumentError('invalid servername')
  }
  if (typeOfService !== undefined && typeOfService !== null && !isByte(typeOfService)) {
    throw new InvalidArgumentError('typeOfService must be an integer between 0 and 255')
  }
}

/** Checks that a modern handler has the methods it needs. */
export function checkHandler(handler: Handler, isUpgrade: boolean): void {
  checkMethod(handler.onRequestStart, 'onRequestStart')
  checkMethod(handler.onResponseError, 'onResponseError')
  checkOptionalMethod(handler.onBodySent, 'onBodySent')
  checkOptionalMethod(handler.onRequestSent, 'onRequestSent')
  if (isUpgrade) {
    checkMethod(handler.onRequestUpgrade, 'onRequestUpgrade')
  } else {
    checkMethod(handler.onResponseStart, 'onResponseStart')
    checkMethod(handler.onResponseData, 'onResponseData')
    checkMethod(handler.onResponseEnd, 'onResponseEnd')
  }
}

function describe(name: string): Method {
  return {
    name,
    expectsBody: expectingBody.includes(name),
    forgivesLength: forgivingLength.includes(name),
    isIdempotent: name === 'GET' || name === 'HEAD' || name === 'QUERY',
  }
}

function otherMethod(method: unknown): Method {
  if (typeof method !== 'string') {
    throw new InvalidArgumentError('method must be a string')
  }
  if (!isToken(method)) {
    throw new InvalidArgumentError('invalid request method')
  }
  return describe(method)
}

function checkUpgrade(upgrade: unknown): void {
  if (typeof upgrade !== 'string') {
    throw new InvalidArgumentError('upgrade must be a string')
  }
  if (!isHeaderValue(upgrade)) {
    throw new InvalidArgumentError('invalid upgrade header')
  }
}

function checkTimeout(value: unknown, message: string): void {
  if (
    value !== undefined &&
    value !== null &&
    !(Number.isFinite(value) && (value as number) >= 0)
  ) {
    throw new InvalidArgumentError(message)
  }
}

function checkMethod(method: unknown, name: string): void {
  if (typeof method !== 'function') {
    throw new InvalidArgumentError(`invalid ${name} method`)
  }
}

function checkOptionalMethod(method: unknown, name: string): void {
  if (method !== undefined && typeof method !== 'function') {
    throw new InvalidArgumentError(`invalid ${name} method`)
  }
}

function isByte(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 255
}
