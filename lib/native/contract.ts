/**
 * The wire contract between lib/ and addon/: every type, record layout and function that crosses. No code but constants.
 * `core/include/dodici/event_batch.h` and `error.h` define the same numbers; `tests/architecture` compares them.
 */

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
  /** `[block, offset, length]`: the next of `blocks`, which has `length` bytes; where they came from is native's own. */
  dataBlock: 3,
  /** `[trailerCount, (nameLength, valueLength) × trailerCount]`. Terminal. */
  end: 4,
  /** `[Errc, detail, messageLength, socketLength]`. Terminal. Text: message, then socket info; of a given socket its link. */
  failed: 5,
  /** `[]`: the request is written, body included. Only with `RequestFlag.reportSent`. */
  requestSent: 6,
  /**
   * `[bytes]`: so many bytes more of a streamed body, or of what goes into a tunnel, have left the queue. The first of a
   * body says 0: start reading the source.
   */
  bodyWanted: 7,
  /** `[originLength]`, id is 0: a connection is ready. Text: origin. */
  connected: 8,
  /** `[Errc, detail, originLength]`, id is 0: a connection that was ready is closed. Text: origin. */
  disconnected: 9,
  /** `[]`, id is 0: all sockets of a destroyed client on one of its loops are closed. Comes `loopCount` times. */
  loopClosed: 10,
  /** `[]`: the peer of a tunnel sends no more. */
  peerEnd: 11,
  /**
   * `[socketLength, tlsLength]`: the connection of a tunnel, before the head that switches to it. Text: socket info, as of
   * `failed`. Of TLS, if there is any, six lines: protocol version, OpenSSL's name of the cipher, its standard name, its
   * version, what ALPN chose, an X509_V_ERR_*; behind them the peer's certificate as DER.
   */
  tunnelSocket: 12,
  /**
   * `[]`: a connection is about to be made for the request, and waits for `connect()` or `refuse()`, or with `socketsAreGiven` for
   * `giveSocket()`. The former not for tunnels.
   */
  connectionWanted: 13,
  /** As `end`, but not terminal: the response is complete, and the request's body is still being sent. HTTP/2 only. */
  answered: 14,
} as const

/** Why a request failed. `detail` means what each line says, else 0. */
export const Errc = {
  aborted: 1,
  /** detail: milliseconds; message: `address port`, a line for each, when several were tried */
  connectTimeout: 2,
  /** detail: milliseconds; message: `HTTP/2`, or nothing */
  headersTimeout: 3,
  /** as of headersTimeout */
  bodyTimeout: 4,
  /** detail: 1 when trying again may help (EAI_AGAIN), else 0 (ENOTFOUND) */
  resolveFailed: 5,
  /** detail: OS errno (positive); message: `address port errno`, a line for each, when several were tried */
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
  /** detail: HTTP/2 or HTTP/3 error code */
  streamReset: 16,
  unexpectedUpgrade: 17,
  invalidRequest: 18,
  /** detail: libcurl's code, or 0; message: what happened */
  internal: 19,
  /** detail: the status of the answer to CONNECT */
  proxyRefused: 20,
  proxyClosed: 21,
  /** message: as of tlsNameMismatch */
  proxyNameMismatch: 22,
  /** detail: the SOCKS server's reply, 254 wrong credentials, 255 no acceptable method, 0 anything else */
  socksFailed: 23,
  /** these four only say why a connection ended */
  notKept: 24,
  idleTimeout: 25,
  unaskedBytes: 26,
  switchedAway: 27,
  /** `detail`: the error code of the GOAWAY, 0 when nothing is wrong */
  goaway: 28,
  /** the server broke the rules of HTTP/2 */
  http2Error: 29,
  /** the request's body is not as long as declared */
  requestLengthMismatch: 30,
  /** `refuse()`; detail: the id of the request that it was called for */
  notConnected: 31,
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
  /** a streamed body of `contentLengthLow/High` bytes; without it: chunked */
  knownLength: 64,
  /**
   * upgrade or CONNECT: data is the tunnel's after the switch; pieces of body go into it, behind the streamed body if there
   * is one and its endBody(), and a further endBody() closes that half
   */
  tunnel: 128,
  /** HTTP/2 only: the body waits for 100 */
  expectContinue: 256,
  /** kept even behind a HEAD request over HTTP/1.1 */
  keepConnection: 512,
} as const

/** What `setSocket()` sets. `value` means what each line says. */
export const SocketSetting = {
  noDelay: 1,
  delay: 2,
  /** seconds until the first probe; 0: the system's default */
  keepAlive: 3,
  noKeepAlive: 4,
  /** the peer gets a reset when the request is cancelled */
  resetOnClose: 5,
} as const

/** Indexes into `NativeClient.params`, which the caller fills before each `submit()`. */
export const Param = {
  id: 0,
  flags: 1,
  /** milliseconds; 0: none */
  headersTimeout: 2,
  /** milliseconds; 0: none */
  bodyTimeout: 3,
  /** length of submit()'s text in characters */
  textLength: 4,
  contentLengthLow: 5,
  contentLengthHigh: 6,
} as const

/** Words in `params`. */
export const paramCount = 8

export interface NativeTlsOptions {
  /** concatenated PEM */
  ca: string
  /** more certificates: a file, and folders of them as OpenSSL's `SSL_CERT_DIR` names them; empty: none */
  caFile: string
  caPath: string
  /** concatenated PEM; not empty: each certificate needs a revocation list */
  crl: string
  /** PEM, the chain behind the client's own certificate; one for each kind of key */
  certs: { text: string }[]
  /** PEM */
  keys: NativeSecret[]
  /** PKCS #12 */
  pfxs: NativeSecret[]
  /** up to TLS 1.2 */
  ciphers: string
  /** of TLS 1.3 */
  cipherSuites: string
  curves: string
  sigalgs: string
  /** OpenSSL's SSL_OP_* */
  secureOptions: number
  servername: string
  /** OpenSSL's number (TLS 1.2 is 0x0303), 0: the library's default */
  minVersion: number
  maxVersion: number
  rejectUnauthorized: boolean
  trustsPartialChains: boolean
  /** resumes sessions in later connections */
  keepsSessions: boolean
}

export interface NativeSecret {
  bytes: Buffer
  passphrase: string
}

export interface NativeProxyOptions {
  /** `http://host:port`, https or socks5h, the port always there; empty: no proxy */
  url: string
  /** for the proxy alone: `name: value`, or `name;` */
  headers: { text: string }[]
  /** SOCKS only */
  username: string
  password: string
  /** CONNECT, also for plain http */
  tunnel: boolean
  tls: NativeTlsOptions
}

/** How a connection is made. Times are whole milliseconds. */
export interface NativeConnectionPlan {
  /**
   * Of the host, or of the proxy in front of it: `1.2.3.4,[::1]`, in the order in which they are tried. Empty: its name is
   * an address, or the connection is to a Unix socket.
   */
  addresses: string
  /** for all of it, TLS included; 0: none */
  timeout: number
  /** until the next address is tried as well */
  happyEyeballsTimeout: number
}

/** All required: lib/options/agent-options.ts holds the defaults. Times are whole milliseconds; 0 turns a time or limit off. */
export interface NativeClientOptions {
  connections: number
  maxConcurrentStreams: number
  /** bytes of an HTTP/2 stream, and of a whole connection, that may come before any is taken; the latter 0: no limit */
  streamWindow: number
  connectionWindow: number
  pingInterval: number
  maxHeaderSize: number
  maxRequestsPerConnection: number
  /** -1: no limit */
  maxResponseSize: number
  connectTimeout: number
  keepAliveTimeout: number
  /** may be negative */
  keepAliveTimeoutThreshold: number
  keepAliveMaxTimeout: number
  clientTtl: number
  happyEyeballsTimeout: number
  /** plain http is HTTP/2 from its first byte on (h2c) */
  http2PriorKnowledge: boolean
  /** every connection is asked for by a `connectionWanted` record */
  socketsAreGiven: boolean
  keepAlive: boolean
  ipv4Only: boolean
  tcpKeepAlive: boolean
  /** below a second: the system's */
  tcpKeepAliveDelay: number
  /** 0: any */
  localPort: number
  localAddress: string
  socketPath: string
  /** 0: all of the process's loop threads */
  loopThreads: number
  tls: NativeTlsOptions
  proxy: NativeProxyOptions
}

/**
 * Reads one batch. `words` is the same array in every call, only the first `wordCount` words count, and they must not
 * be used after return. `slab` and `blocks` belong to the reader for ever; each of them has its memory for itself.
 * Must not throw.
 */
export type OnBatch = (
  words: Uint32Array,
  wordCount: number,
  text: string,
  slab: Buffer | undefined,
  blocks: Buffer[] | undefined,
) => void

export interface NativeClient {
  /** Looked up on the object for each batch, so that native holds no reference to it. */
  onBatch: OnBatch

  /** `Uint32Array(paramCount)` over memory that native reads in `submit()`. */
  readonly params: Uint32Array

  readonly loopCount: number

  /**
   * Sends a request; `params` tell id, flags and numbers. Exactly one terminal record with that id follows; until then
   * the id must not be used again. Ids are small integers, used again soon (they index arrays in native).
   *
   * `text`, latin1, each part ended by `\0`: origin (`https://host:port`, port always there), method, target, servername
   * (may be empty; behind it, if they are known, a line feed and the host's addresses: `1.2.3.4,[::1]`), then header lines: `name: value`, or `name;` for an empty value; framing and `connection` included.
   * The process is kept alive while a request has not ended.
   */
  submit(text: string, body: Uint8Array | undefined): void

  /**
   * Wakes the loop threads for what was submitted. To be called in the turn of the event loop that submitted, after its
   * last request: a loop thread that is busy with other requests may not look at new ones before.
   */
  flush(): void

  /** The answer to `connectionWanted`, once. Ignored when the request has ended. */
  connect(id: number, plan: NativeConnectionPlan): void

  /** The other answer: the request fails with `notConnected`, as do those that wait for that connection. */
  refuse(id: number): void

  /**
   * What connections are made with for requests that are submitted from now on. `servername` stays as it was, and sessions
   * are resumed no more.
   */
  setTls(tls: NativeTlsOptions, proxyTls: NativeTlsOptions): void

  /** Next piece of a streamed body; copied. Ignored when the request has ended. */
  writeBody(id: number, bytes: Uint8Array): void
  endBody(id: number): void

  /**
   * Answers a `connectionWanted` record: the request's connection is a new stream, whose other end's descriptor is returned,
   * to be read, written and closed by the caller; -1: there is no such request any more. `link`, more than 0, is the caller's
   * name for it. To be followed by flush(). Throws when the system has no stream left. `cancel()` is the other answer.
   */
  giveSocket(id: number, link: number, isHttp2: boolean): number

  /** What was written to the link is all that comes, but not all that there was. Instead of closing it. */
  breakLink(link: number): void

  /** Body records stop soon; those already on their way still come. */
  pause(id: number): void
  resume(id: number): void

  /** The terminal record (`failed` with `aborted`, or whatever came first) follows. */
  cancel(id: number): void

  /** Sets the socket of a tunnel, behind what was written before. `setting` is one of SocketSetting. */
  setSocket(id: number, setting: number, value: number): void

  /** Whether this request keeps the process alive, as all do at first. */
  setReferenced(id: number, isReferenced: boolean): void

  /**
   * Cancels all requests, closes all connections, refuses new ones. `loopCount` loopClosed records follow, unless the
   * environment goes away before; it is kept alive until then. Idempotent.
   */
  destroy(): void
}

export interface NativeBinding {
  Client: new (options: NativeClientOptions) => NativeClient
  /** How many loop threads the process runs; false when they run already. */
  setLoopThreads(count: number): boolean
  /** libcurl's and the other libraries' versions, in curl's words. */
  version(): string
}
