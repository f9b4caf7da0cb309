package dev.qwq.examples.service;

import org.springframework.http.HttpStatus;

/** What the service itself refuses. */
final class ServiceException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final HttpStatus status;

  ServiceException(HttpStatus status, String message) {
    super(message);
    this.status = status;
  }

  HttpStatus status() {
    return status;
  }
}
