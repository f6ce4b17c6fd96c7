// One transfer's decisions: events go in, actions come out. It uses no curl, no socket and no clock.
//
// Threads: a plain value.
// Owner:   Transfer, which carries the actions out.
#pragma once

#include "dodici/request.h"

#include <cstdint>

namespace dodici {

enum class Action : std::uint8_t {
  none,
  goOn,            // no objection
  deliver,         // hand the body bytes over
  holdBody,        // libcurl must offer the bytes again later
  holdAndAskRoom,  // the same, until the batcher has room again
  letFlow,         // tell libcurl which directions are still paused
  refuse,          // end the transfer from inside the callback
};

class TransferState {
 public:
  enum class Phase : std::uint8_t {
    waiting,    // in OriginQueue
    running,    // with libcurl, which connects or is about to write it
    sent,       // being written on a connection, or written; no final head has come
    receiving,  // the final head has come
    answered,   // the response is complete, the request's body is still being sent
    ended,      // its terminal event was sent
  };

  // The facts about a transfer that libcurl is done with.
  struct Result {
    bool whole = false;  // the response is complete
    bool unprocessed =
        false;  // the peer says that it did not process the request, or it was not sent
    bool peerProgressed = false;  // it says so by a GOAWAY, and still processes earlier requests
    bool lost = false;            // the connection was lost, and spoke HTTP/1.1
    bool wantsHttp1 = false;      // the peer wants the request over HTTP/1.1 (HTTP_1_1_REQUIRED)
    bool replayable = false;      // the request's body can be sent again from its start
  };

  enum class Next : std::uint8_t {
    complete,        // the response is whole
    fail,            // with the error of libcurl or of a callback
    again,           // send it again
    againElsewhere,  // the same, on a new connection
    againOverHttp1,  // the same, over HTTP/1.1
  };

  explicit TransferState(bool idempotent) : idempotent_(idempotent) {}

  // The request goes to libcurl, on a connection that was used before (`onKept`) or on a new one.
  void onRun(bool onKept);

  // libcurl is about to write the request. If the connection is lost, an older libcurl chooses another by itself, and
  // calls this again.
  Action onStarted();

  // The request is not written, because the peer of its connection allows no stream now.
  void onTurnedBack() { turnedBack_ = true; }

  // The first byte of a response has come.
  void onResponseBegun() { begun_ = true; }

  Action onFinalHead();

  Action onBodyBytes(bool paused, bool hasRoom);

  // The body's bytes were not taken, for another reason.
  void onBodyHeld() { bodyHeld_ = true; }

  // The request is no longer paused, or the batcher has room.
  Action onMayFlow(bool paused);

  // The upload has no bytes to send now; it has some again.
  void onUploadEmpty() { uploadHeld_ = true; }

  Action onUploadWritten();

  // The body is not sent before the server has answered. onContinue() returns true for its first answer.
  void awaitContinue() { awaitsContinue_ = true; }

  bool awaitsContinue() const { return awaitsContinue_; }

  bool onContinue();

  // The response is whole, although libcurl goes on with the request or does not report it.
  void onResponseWhole() { whole_ = true; }

  bool responseWhole() const { return whole_; }

  // The response is complete and delivered, and the request's body is still being sent. Returns false if this is not
  // possible for the request.
  bool onAnswered();

  bool answered() const { return phase_ == Phase::answered; }

  // libcurl is done. A request that is to be sent again waits in OriginQueue.
  Next onDone(const Result& result);

  // Returns true for the first caller, who must send the terminal event.
  bool onEnd();

  Phase phase() const { return phase_; }

  // Whether the request is on a connection.
  bool isOnConnection() const { return phase_ == Phase::sent || phase_ == Phase::receiving; }

  bool bodyHeld() const { return bodyHeld_; }

  bool uploadHeld() const { return uploadHeld_; }

 private:
  Next repeat(Next how);

  const bool idempotent_;
  Phase phase_ = Phase::waiting;
  bool onKept_ = false;          // the connection has been used before
  bool begun_ = false;           // the first byte of a response has come
  bool whole_ = false;           // all of the response has come
  bool awaitsContinue_ = false;  // the body waits for the server's answer
  bool bodyHeld_ = false;        // libcurl must offer the response's bytes again
  bool uploadHeld_ = false;      // the request's body had no bytes to send
  bool turnedBack_ = false;      // by a peer that allows no stream now
  // How often the request was sent again, by reason. As in undici, each reason counts once (RFC 9113, 8.7).
  std::uint8_t turnedAway_ = 0;  // the connection had ended before anything was sent
  bool refused_ = false;         // the peer did not process it
  bool lost_ = false;            // the connection was lost after it was sent
  bool overHttp1_ = false;
};

}  // namespace dodici
