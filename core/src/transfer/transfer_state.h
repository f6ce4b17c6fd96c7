// One transfer's decisions: what happened goes in, what to do comes out. No curl, no socket, no clock.
//
// Threads: a plain value.
// Owner:   Transfer, which carries the actions out.
#pragma once

#include "dodici/request.h"

#include <cstdint>

namespace dodici {

enum class Action : std::uint8_t {
  none,
  goOn,            // nothing speaks against it
  deliver,         // hand the body bytes over
  holdBody,        // take the bytes later
  holdAndAskRoom,  // the same, and resume when the batcher has room again
  letFlow,         // tell libcurl which directions are still held
  refuse,          // end the transfer from inside the callback
};

class TransferState {
 public:
  enum class Phase : std::uint8_t {
    waiting,    // in OriginQueue
    running,    // libcurl has it: resolving, connecting, or about to write it
    sent,       // being written on a connection, or written; no final head yet
    receiving,  // the final head is there
    answered,   // the response is complete, the request's body is still being sent
    ended,      // its terminal event is out
  };

  // What libcurl, the peer and the request tell of a transfer that libcurl is done with.
  struct Result {
    bool whole = false;  // the response is complete
    bool unprocessed =
        false;  // the peer has said that it did not process the request, or nobody has sent it
    bool peerProgressed = false;  // it said so by a GOAWAY, and processes requests before this one
    bool lost = false;            // the connection was lost, and speaks HTTP/1.1
    bool wantsHttp1 = false;      // the peer wants the request over HTTP/1.1 (HTTP_1_1_REQUIRED)
    bool replayable = false;      // what the request has in its body can be sent from the start
  };

  enum class Next : std::uint8_t {
    complete,        // the response is whole
    fail,            // with the error that there is
    again,           // send it again
    againElsewhere,  // the same, on a new connection
    againOverHttp1,  // the same, over HTTP/1.1
  };

  explicit TransferState(bool idempotent) : idempotent_(idempotent) {}

  // The request goes to libcurl: on a connection that has been used before, or on one that is made for it.
  void onRun(bool onKept);

  // libcurl is about to write it. An older libcurl takes another connection by itself when the first is lost, and this is
  // called again.
  Action onStarted();

  // Something of a response has come.
  void onResponseBegun() { begun_ = true; }

  Action onFinalHead();

  Action onBodyBytes(bool paused, bool hasRoom);

  // The pause wish is gone, or there is room.
  Action onMayFlow(bool paused);

  // The upload has nothing to give now; it has again.
  void onUploadEmpty() { uploadHeld_ = true; }

  Action onUploadWritten();

  // The body waits for a word of the server before it is sent. onContinue() is true for the first word.
  void awaitContinue() { awaitsContinue_ = true; }

  bool awaitsContinue() const { return awaitsContinue_; }

  bool onContinue();

  // The response is whole although libcurl would go on with the request, or does not say so.
  void onResponseWhole() { whole_ = true; }

  bool responseWhole() const { return whole_; }

  // The response is complete and delivered, and the request's body goes on. False: it is not for this request.
  bool onAnswered();

  bool answered() const { return phase_ == Phase::answered; }

  // libcurl is done. What is sent again waits in OriginQueue.
  Next onDone(const Result& result);

  // True for the first caller: the terminal event is his to send.
  bool onEnd();

  Phase phase() const { return phase_; }

  // It is on a connection.
  bool isOnConnection() const { return phase_ == Phase::sent || phase_ == Phase::receiving; }

  bool bodyHeld() const { return bodyHeld_; }

  bool uploadHeld() const { return uploadHeld_; }

 private:
  Next repeat(Next how);

  const bool idempotent_;
  Phase phase_ = Phase::waiting;
  bool onKept_ = false;          // the connection has been used before
  bool begun_ = false;           // something of a response has come
  bool whole_ = false;           // all of it has
  bool awaitsContinue_ = false;  // the body waits
  bool bodyHeld_ = false;        // the body's bytes are to come later
  bool uploadHeld_ = false;      // the request's body had nothing to give
  // How often it was sent again, and why: each reason counts once (RFC 9113, 8.7), as in undici.
  std::uint8_t turnedAway_ = 0;  // the connection was gone before anything was sent
  bool refused_ = false;         // the peer did not process it
  bool lost_ = false;            // the connection was lost behind it
  bool overHttp1_ = false;
};

}  // namespace dodici
