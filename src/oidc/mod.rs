//! What the standards say: text in, typed request or typed error out. Pure, like `domain`.
