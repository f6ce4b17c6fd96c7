/**
 * The wire contract between lib/ and addon/: every type, record layout and function that crosses. It contains no code
 * except constants. `core/include/dodici/event_batch.h` and `error.h` define the same numbers; `tests/architecture`
 * compares them.
 */

import type { DownloadBinding } from './download-contract.ts'

/** Types of the records in a batch. Each record is `[type, id, …]`; the words after these two are listed here. */
export const EventType = {
  /**
   * `[status, httpVersion (10 | 11 | 20 | 30), statusTextLength, headerCount, (nameLength, valueLength) × headerCount]`
   * Text: status text (bytes as latin1; UTF-8 on the wire), then name and value of each header.
   * 1xx responses are records of their own, before the final one; 100 comes over HTTP/2 only.
   */
  responseStart: 1,
  /** `[length]`: the next `length` bytes of the slab. */
  data: 2,
  /**
   * `[block, offset, length]`: the next of `blocks`, which has `length` bytes. Only native reads `block` and `offset`.
   */
  dataBlock: 3,
  /** `[trailerCount, (nameLength, valueLength) × trailerCount]`. Terminal. */
  end: 4,
  /**
   * `[Errc, detail, messageLength, socketLength]`. Terminal. Text: message, then socket info; for a given socket its
   * link.
   */
  failed: 5,
  /** `[]`: the request has been sent, with its body. Only with `RequestFlag.reportSent`. */
  requestSent: 6,
  /**
   * `[bytes]`: this many more bytes of a streamed body, or of what goes into a tunnel, have left the queue. The first
   * such record of a body says 0: start to read the source.
   */
  bodyWanted: 7,
  /** `[originLength]`, id is 0: a connection is ready. Text: origin. */
  connected: 8,
  /** `[Errc, detail, originLength]`, id is 0: a connection that was ready is closed. Text: origin. */
  disconnected: 9,
  /** `[]`, id is 0: all sockets of a destroyed client on one of its loops are closed. Comes `loopCount` times. */
  loopClosed: 10,
  /** `[]`: the peer of a tunnel has ended its half. */
  peerEnd: 11,
  /**
   * `[socketLength, tlsLength]`: the connection of a tunnel, before the head that switches to it. Text: socket info, as
   * in `failed`. With TLS, six lines follow: protocol version, OpenSSL's name of the cipher, its standard name, its
   * version, the protocol that ALPN chose, an X509_V_ERR_*; then the peer's certificate as DER.
   */
  tunnelSocket: 12,
  /**
   * `[]`: native is about to make a connection for the request, and waits for `connect()` or `refuse()`. With
   * `socketsAreGiven` it waits for `giveSocket()`, for tunnels too; without, tunnels do not ask.
   */
  connectionWanted: 13,
  /** As `end`, but not terminal: the response is complete, and the request's body is still being sent. HTTP/2 only. */
  answered: 14,
  /** `[]`, before `responseStart`: native decodes the content codings of the body. Only with `RequestFlag.decodesBody`. */
  decoding: 15,
  /** `[low, high]`, before the end of a decoded body: its size in bytes before decoding. */
  encodedSize: 16,
} as const

/** Why a request failed. `detail` and `message` are described at each line; else they are 0 and empty. */
export const Errc = {
  aborted: 1,
  /** detail: milliseconds; message: if several addresses were tried, a line `address port` for each */
  connectTimeout: 2,
  /** detail: milliseconds; message: `HTTP/2` or empty */
  headersTimeout: 3,
  /** as for headersTimeout */
  bodyTimeout: 4,
  /** detail: 1 if another try may help (EAI_AGAIN), else 0 (ENOTFOUND) */
  resolveFailed: 5,
  /** detail: OS errno (positive); message: if several addresses were tried, a line `address port errno` for each */
  connectFailed: 6,
  socketClosed: 7,
  /** detail: OS errno (positive) */
  socketError: 8,
  /** detail: OpenSSL X509_V_ERR_* */
  tlsVerifyFailed: 9,
  /** message: the certificate's alternative names (`DNS:a, IP Address:1.2.3.4`), a line feed, its common name */
  tlsNameMismatch: 10,
  /** message: OpenSSL's error line */
  tlsHandshakeFailed: 11,
  malformedResponse: 12,
  headersOverflow: 13,
  responseTooLarge: 14,
  lengthMismatch: 15,
  /** detail: HTTP/2 or HTTP/3 error code; message: `unanswered` before the response's head, or nothing */
  streamReset: 16,
  unexpectedUpgrade: 17,
  invalidRequest: 18,
  /** detail: libcurl's code, or 0; message: what happened */
  internal: 19,
  /** detail: the status of the answer to CONNECT */
  proxyRefused: 20,
  proxyClosed: 21,
  /** message: as for tlsNameMismatch */
  proxyNameMismatch: 22,
  /** detail: the SOCKS server's reply; 254: wrong credentials; 255: no acceptable method; 0: anything else */
  socksFailed: 23,
  /** this code and the next three only say why a connection ended */
  notKept: 24,
  idleTimeout: 25,
  unaskedBytes: 26,
  switchedAway: 27,
  /** detail: the error code of the GOAWAY; 0 if it reports no error */
  goaway: 28,
  /** the server broke HTTP/2's rules */
  http2Error: 29,
  /** the request's body is not as long as declared */
  requestLengthMismatch: 30,
  /** `refuse()` was called; detail: the id of its request */
  notConnected: 31,
  /**
   * the response's body does not have the content codings that its headers name; detail: Node's `errno`, negative ones in
   * two's complement; message: Node's `code`, a line feed, Node's message
   */
  decodeFailed: 32,
  /** an HTTP/2 peer allowed no stream in time; detail: milliseconds */
  noStreams: 33,
} as const

/** Bits of `params[Param.flags]`. */
export const RequestFlag = {
  allowHttp2: 1,
  closeConnection: 2,
  idempotent: 4,
  reportSent: 8,
  /** the body follows by `writeBody()` and `endBody()` */
  streamBody: 16,
  /** `submit()`'s second argument is the body */
  bytesBody: 32,
  /** a streamed body has `contentLengthLow/High` bytes; without this flag it is chunked */
  knownLength: 64,
  /**
   * upgrade or CONNECT. After the switch, `data` and pieces of body are the tunnel's. The first endBody() ends the
   * streamed body, if there is one; the next one closes our half of the tunnel.
   */
  tunnel: 128,
  /** HTTP/2 only: the body waits for the status 100 */
  expectContinue: 256,
  /** the connection is kept even after a HEAD request over HTTP/1.1 */
  keepConnection: 512,
  /** decode the content codings of the response, if all are known; not for statuses that fetch() follows */
  decodesBody: 1024,
} as const

/** The settings of `setSocket()`. `value` is described at each line. */
export const SocketSetting = {
  noDelay: 1,
  delay: 2,
  /** seconds until the first probe; 0: the system's default */
  keepAlive: 3,
  noKeepAlive: 4,
  /** cancelling the request resets the connection */
  resetOnClose: 5,
} as const

/** Indexes into `NativeClient.params`, which must be filled before each `submit()`. */
export const Param = {
  id: 0,
  flags: 1,
  /** milliseconds; 0 means no limit */
  headersTimeout: 2,
  /** milliseconds; 0 means no limit */
  bodyTimeout: 3,
  /** length of submit()'s text in characters */
  textLength: 4,
  contentLengthLow: 5,
  contentLengthHigh: 6,
} as const

/** Number of words in `params`. */
export const paramCount = 8

export interface NativeTlsOptions {
  /** concatenated PEM */
  ca: string
  /** more certificates: a file, and folders as in OpenSSL's `SSL_CERT_DIR`; empty if there are none */
  caFile: string
  caPath: string
  /** concatenated PEM; if it is not empty, each certificate needs a revocation list */
  crl: string
  /** PEM: the client's certificate and its chain, one for each kind of key */
  certs: { text: string }[]
  /** PEM */
  keys: NativeSecret[]
  /** PKCS #12 */
  pfxs: NativeSecret[]
  /** ciphers up to TLS 1.2 */
  ciphers: string
  /** ciphers of TLS 1.3 */
  cipherSuites: string
  curves: string
  sigalgs: string
  /** OpenSSL's SSL_OP_* */
  secureOptions: number
  servername: string
  /** OpenSSL's number (TLS 1.2 is 0x0303); 0 means the library's default */
  minVersion: number
  maxVersion: number
  rejectUnauthorized: boolean
  trustsPartialChains: boolean
  /** whether later connections resume sessions */
  keepsSessions: boolean
}

export interface NativeSecret {
  bytes: Buffer
  passphrase: string
}

export interface NativeProxyOptions {
  /** `http://host:port`, also https: or socks5h:, always with the port; empty if there is no proxy */
  url: string
  /** for the proxy alone: `name: value`, or `name;` */
  headers: { text: string }[]
  /** SOCKS only */
  username: string
  password: string
  /** whether to use CONNECT, also for plain http */
  tunnel: boolean
  tls: NativeTlsOptions
}

/** How a connection is made. Times are whole milliseconds. */
export interface NativeConnectionPlan {
  /**
   * Addresses of the host, or of its proxy, in the order in which they are tried: `1.2.3.4,[::1]`. Empty if its name is
   * an address, or for a Unix socket.
   */
  addresses: string
  /** limit for the whole connection, TLS included; 0 means no limit */
  timeout: number
  /** time until the next address is tried as well */
  happyEyeballsTimeout: number
}

/**
 * All are required; lib/options/agent-options.ts has the defaults. Times are whole milliseconds; 0 turns a time or
 * limit off.
 */
export interface NativeClientOptions {
  connections: number
  maxConcurrentStreams: number
  /** how many unread bytes may come on an HTTP/2 stream, and on a whole connection; 0 for the latter means no limit */
  streamWindow: number
  connectionWindow: number
  pingInterval: number
  maxHeaderSize: number
  maxRequestsPerConnection: number
  /** -1 means no limit */
  maxResponseSize: number
  connectTimeout: number
  /** how long requests wait for peers of HTTP/2 that allow no stream */
  streamTimeout: number
  keepAliveTimeout: number
  /** may be negative */
  keepAliveTimeoutThreshold: number
  keepAliveMaxTimeout: number
  clientTtl: number
  happyEyeballsTimeout: number
  /** plain http is HTTP/2 from its first byte (h2c) */
  http2PriorKnowledge: boolean
  /** a `connectionWanted` record asks for each connection */
  socketsAreGiven: boolean
  keepAlive: boolean
  ipv4Only: boolean
  tcpKeepAlive: boolean
  /** below a second: the system's default */
  tcpKeepAliveDelay: number
  /** 0 means any */
  localPort: number
  localAddress: string
  socketPath: string
  /** 0 means all of the process's loop threads */
  loopThreads: number
  tls: NativeTlsOptions
  proxy: NativeProxyOptions
}

/**
 * Reads one batch. `words` is the same array in each call; only its first `wordCount` words are valid, and only during
 * the call. The reader may keep `slab` and `blocks`; none of them shares its memory. Must not throw.
 */
export type OnBatch = (
  words: Uint32Array,
  wordCount: number,
  text: string,
  slab: Buffer | undefined,
  blocks: Buffer[] | undefined,
) => void

/** Makes a client collect whole responses: each is one head, at most one piece of body, and an end, in one batch. */
export interface NativeCollecting {
  /** how many requests run at a time; others wait */
  concurrency: number
  /** a larger body fails its request with `responseTooLarge`; below 2 ** 32 */
  mostBytes: number
}

export interface NativeClient {
  /** Native reads this property for each batch, so that it needs no reference to the function. */
  onBatch: OnBatch

  /** `Uint32Array(paramCount)` over memory that native reads in `submit()`. */
  readonly params: Uint32Array

  readonly loopCount: number

  /**
   * Sends a request; `params` has its id, flags and numbers. Exactly one terminal record with that id follows; until
   * then the id must not be used again. Ids index arrays in native, so they should be small and be reused.
   *
   * `text` is latin1, and each part ends with `\0`: origin (`https://host:port`, always with the port), method, target,
   * servername (may be empty; if they are known, a line feed and the host's addresses follow: `1.2.3.4,[::1]`), then
   * header lines: `name: value`, or `name;` for an empty value, with those for framing and `connection`. An unfinished
   * request keeps the process alive.
   */
  submit(text: string, body: Uint8Array | undefined): void

  /**
   * Wakes the loop threads for submitted requests. Call it in the turn of the event loop that submitted them, after the
   * last: a loop thread that is busy with other requests may not look for new ones before.
   */
  flush(): void

  /** Answers a `connectionWanted` record. Call it once. Ignored if the request has ended. */
  connect(id: number, plan: NativeConnectionPlan): void

  /**
   * Answers a `connectionWanted` record: the request and those that wait for its connection fail with `notConnected`.
   */
  refuse(id: number): void

  /**
   * Sets the TLS options for requests that are submitted from now on. `servername` does not change, and TLS sessions
   * are no longer resumed.
   */
  setTls(tls: NativeTlsOptions, proxyTls: NativeTlsOptions): void

  /** Sends the next piece of a streamed body, which is copied. Ignored if the request has ended. */
  writeBody(id: number, bytes: Uint8Array): void
  endBody(id: number): void

  /**
   * Answers a `connectionWanted` record with a new stream as the connection, and returns the descriptor of its other
   * end, which the caller reads, writes and closes; -1 if the request has ended. `link`, above 0, is the caller's name
   * of the stream. Call flush() afterwards. Throws if the system has no more descriptors. `cancel()` is the other
   * answer.
   */
  giveSocket(id: number, link: number, isHttp2: boolean): number

  /** Ends the link as broken, instead of closing it: what was written to it is not all that the peer had to send. */
  breakLink(link: number): void

  /**
   * Body records stop soon, but those on their way still come. `isUnread`: the response waits for the program to read
   * on, so until `resume()` the request does not keep the process alive.
   */
  pause(id: number, isUnread: boolean): void
  resume(id: number): void

  /** The terminal record follows: `failed` with `aborted`, or whatever came first. */
  cancel(id: number): void

  /** Sets an option of a tunnel's socket, after the writes so far. `setting` is one of SocketSetting. */
  setSocket(id: number, setting: number, value: number): void

  /** Sets whether the request keeps the process alive; it does at first. */
  setReferenced(id: number, isReferenced: boolean): void

  /**
   * Of a collecting client: `onBatch` is called when this many more requests have ended, once. Without this it is called
   * only if a request has failed, if a status is not of the 200s, whose body is left out, if something must be answered,
   * and if no request is left. Each call gets all that has ended.
   */
  want(count: number): void

  /**
   * Cancels all requests, closes all connections, refuses new ones. `loopCount` loopClosed records follow, unless the
   * environment ends before; until then it is kept alive. Idempotent.
   */
  destroy(): void
}

export interface NativeBinding extends DownloadBinding<NativeClientOptions> {
  /** Version of dodici that the addon was built from. */
  readonly dodici: string
  Client: new (options: NativeClientOptions, collecting?: NativeCollecting) => NativeClient
  /** Sets how many loop threads the process runs; returns false if they already run. */
  setLoopThreads(count: number): boolean
  /** The versions of libcurl and the libraries in it, as curl writes them. */
  version(): string
}
