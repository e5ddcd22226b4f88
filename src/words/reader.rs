//! What a file says, read before anybody is told it.

use std::collections::BTreeSet;

use fluent_syntax::ast::{CallArguments, Entry, Expression, InlineExpression, Pattern, PatternElement};
use fluent_syntax::unicode::unescape_unicode_to_string;
use fluent_templates::fluent_bundle::FluentResource;

use super::{Vocabulary, WordsError};

/// Reads what a file says, also where it says it to some people only.
pub(super) struct Reader<'a> {
    pub(super) resource: &'a FluentResource,
    pub(super) vocabulary: &'static Vocabulary,
}

impl Reader<'_> {
    pub(super) fn check(&self) -> Result<(), WordsError> {
        for entry in self.resource.entries() {
            match entry {
                Entry::Message(message) => {
                    let name = message.id.name;
                    if self.vocabulary.known(name).is_none() {
                        let known: Vec<_> = self.vocabulary.messages.iter().map(|(name, _)| *name).collect();
                        let (message, known) = (name.to_owned(), known.join(", "));
                        return Err(WordsError::UnknownMessage { message, known });
                    }
                    message.value.iter().try_for_each(|pattern| self.check_pattern(name, pattern))?;
                }
                // What a term says is said in messages, and has no placeholder but those it is given there.
                Entry::Term(term) => self.check_texts(term.id.name, &term.value)?,
                Entry::Comment(_)
                | Entry::GroupComment(_)
                | Entry::ResourceComment(_)
                | Entry::Junk { .. } => {}
            }
        }
        Ok(())
    }

    fn check_pattern(&self, message: &str, pattern: &Pattern<&str>) -> Result<(), WordsError> {
        pattern.elements.iter().try_for_each(|element| match element {
            PatternElement::TextElement { value } => self.check_text(message, value),
            PatternElement::Placeable { expression } => self.check_expression(message, expression),
        })
    }

    fn check_expression(&self, message: &str, expression: &Expression<&str>) -> Result<(), WordsError> {
        match expression {
            Expression::Inline(inline) => self.check_inline(message, inline),
            Expression::Select { selector, variants } => {
                self.check_inline(message, selector)?;
                variants.iter().try_for_each(|variant| self.check_pattern(message, &variant.value))
            }
        }
    }

    fn check_inline(&self, message: &str, inline: &InlineExpression<&str>) -> Result<(), WordsError> {
        let known = self.vocabulary.known(message).unwrap_or_default();
        let unknown = |placeholder: String| {
            let known = known.iter().map(|name| format!("${name}")).collect::<Vec<_>>().join(", ");
            Err(WordsError::UnknownPlaceholder { message: message.to_owned(), placeholder, known })
        };
        match inline {
            InlineExpression::StringLiteral { value } => {
                self.check_text(message, &unescape_unicode_to_string(value))
            }
            InlineExpression::NumberLiteral { .. } => Ok(()),
            InlineExpression::VariableReference { id } if known.contains(&id.name) => Ok(()),
            InlineExpression::VariableReference { id } => unknown(format!("${}", id.name)),
            InlineExpression::MessageReference { id, attribute: None }
                if self.vocabulary.known(id.name).is_some() =>
            {
                Ok(())
            }
            InlineExpression::MessageReference { id, .. } => unknown(id.name.to_owned()),
            InlineExpression::TermReference { id, arguments, .. } if self.terms().contains(id.name) => {
                arguments.iter().try_for_each(|arguments| self.check_arguments(message, arguments))
            }
            InlineExpression::TermReference { id, .. } => unknown(format!("-{}", id.name)),
            InlineExpression::FunctionReference { id, .. } => unknown(format!("{}()", id.name)),
            InlineExpression::Placeable { expression } => self.check_expression(message, expression),
        }
    }

    /// The words of a term, in each of its variants.
    fn check_texts(&self, term: &str, pattern: &Pattern<&str>) -> Result<(), WordsError> {
        pattern.elements.iter().try_for_each(|element| match element {
            PatternElement::TextElement { value } => self.check_text(term, value),
            PatternElement::Placeable { expression: Expression::Select { variants, .. } } => {
                variants.iter().try_for_each(|variant| self.check_texts(term, &variant.value))
            }
            PatternElement::Placeable {
                expression: Expression::Inline(InlineExpression::StringLiteral { value }),
            } => self.check_text(term, &unescape_unicode_to_string(value)),
            PatternElement::Placeable { .. } => Ok(()),
        })
    }

    fn check_text(&self, message: &str, text: &str) -> Result<(), WordsError> {
        let broken =
            |problem: &str| WordsError::Broken { message: message.to_owned(), problem: problem.to_owned() };
        (self.vocabulary.rule)(message, text).map_err(broken)
    }

    fn check_arguments(&self, message: &str, arguments: &CallArguments<&str>) -> Result<(), WordsError> {
        let named = arguments.named.iter().map(|argument| &argument.value);
        arguments.positional.iter().chain(named).try_for_each(|inline| self.check_inline(message, inline))
    }

    fn terms(&self) -> BTreeSet<&str> {
        let terms = self.resource.entries().filter_map(|entry| match entry {
            Entry::Term(term) => Some(term.id.name),
            _ => None,
        });
        terms.collect()
    }
}
