package dev.tactus.app.run;

import dev.tactus.engine.Session;

/**
 * A session with both its ends.
 *
 * @param session the engine's
 * @param feed what goes in
 * @param tap what comes out
 */
record LiveSession(Session session, SessionFeed feed, SessionTap tap) {
    /** Whether it lives. */
    boolean isLive() {
        return tap.ended() == null;
    }
}
