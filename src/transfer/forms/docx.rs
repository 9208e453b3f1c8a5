//! Documents: a .docx template whose tags are replaced. Everything else of the template stays as the office made it.

use std::io::{Cursor, Read as _, Write as _};

use quick_xml::events::{BytesStart, BytesText, Event};
use quick_xml::{Reader, Writer};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::tags::{self, ListTag, Piece};
use super::{FormError, Source};

/// Largest part of a template that is read, in bytes: a form is a page or two.
pub const LARGEST_PART: u64 = 8 << 20;
/// Deepest nesting that is read; tables within tables reach some thirty.
const DEEPEST: usize = 200;
/// Parts of a package at most.
const MOST_PARTS: usize = 1_000;

/// A piece of a document.
#[derive(Clone)]
enum Node {
    Element(Element),
    Other(Event<'static>),
}

#[derive(Clone)]
struct Element {
    start: BytesStart<'static>,
    children: Vec<Node>,
}

/// A template, read once and filled as often as wanted.
pub struct Template {
    package: Vec<u8>,
    parts: Vec<(String, Vec<Node>)>,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// [`FormError::NotADocument`] or [`FormError::TooLarge`].
    pub fn read(package: Vec<u8>) -> Result<Self, FormError> {
        let mut zip = ZipArchive::new(Cursor::new(package.as_slice())).map_err(unreadable)?;
        if zip.len() > MOST_PARTS {
            return Err(FormError::TooLarge);
        }
        let names: Vec<String> =
            zip.file_names().filter(|name| is_filled(name)).map(str::to_owned).collect();
        if !names.iter().any(|name| name == "word/document.xml") {
            return Err(FormError::NotADocument { cause: "no word/document.xml".to_owned() });
        }
        let mut parts = Vec::with_capacity(names.len());
        for name in names {
            let mut xml = Vec::new();
            let part = zip.by_name(&name).map_err(unreadable)?;
            let read = part.take(LARGEST_PART + 1).read_to_end(&mut xml).map_err(unreadable)?;
            if u64::try_from(read).unwrap_or(u64::MAX) > LARGEST_PART {
                return Err(FormError::TooLarge);
            }
            parts.push((name, parse(&xml)?));
        }
        Ok(Self { package, parts })
    }

    /// Fills the template and returns the document.
    ///
    /// # Errors
    /// [`FormError::UnknownName`] or [`FormError::BadTag`] with the tag to correct; [`FormError::NotADocument`].
    pub fn fill(&self, source: &dyn Source) -> Result<Vec<u8>, FormError> {
        let mut zip = ZipArchive::new(Cursor::new(self.package.as_slice())).map_err(unreadable)?;
        let mut out = ZipWriter::new(Cursor::new(Vec::with_capacity(self.package.len())));
        for index in 0..zip.len() {
            let file = zip.by_index_raw(index).map_err(unreadable)?;
            let part = self.parts.iter().find(|(name, _)| name == file.name());
            let Some((name, nodes)) = part else {
                out.raw_copy_file(file).map_err(unreadable)?;
                continue;
            };
            let mut nodes = nodes.clone();
            fill(&mut nodes, source)?;
            out.start_file(name.as_str(), SimpleFileOptions::default()).map_err(unreadable)?;
            out.write_all(&written(&nodes)?).map_err(unreadable)?;
        }
        Ok(out.finish().map_err(unreadable)?.into_inner())
    }
}

fn unreadable(error: impl std::fmt::Display) -> FormError {
    FormError::NotADocument { cause: error.to_string() }
}

/// True for the parts that hold text of the page.
fn is_filled(name: &str) -> bool {
    let part = name.strip_prefix("word/").and_then(|name| name.strip_suffix(".xml"));
    part.is_some_and(|part| {
        part == "document" || part.starts_with("header") || part.starts_with("footer")
    })
}

fn parse(xml: &[u8]) -> Result<Vec<Node>, FormError> {
    let mut reader = Reader::from_reader(xml);
    let mut open: Vec<Element> = Vec::new();
    let mut top = Vec::new();
    let mut buffer = Vec::new();
    loop {
        let event = reader.read_event_into(&mut buffer).map_err(unreadable)?.into_owned();
        let node = match event {
            Event::Eof => break,
            Event::Start(start) => {
                if open.len() >= DEEPEST {
                    return Err(FormError::TooLarge);
                }
                open.push(Element { start, children: Vec::new() });
                None
            }
            Event::End(_) => open.pop().map(Node::Element),
            Event::Empty(start) => Some(Node::Element(Element { start, children: Vec::new() })),
            other => Some(Node::Other(other)),
        };
        if let Some(node) = node {
            open.last_mut().map_or(&mut top, |parent| &mut parent.children).push(node);
        }
        buffer.clear();
    }
    if open.is_empty() { Ok(top) } else { Err(unreadable("an element is not closed")) }
}

fn written(nodes: &[Node]) -> Result<Vec<u8>, FormError> {
    let mut writer = Writer::new(Vec::new());
    for node in nodes {
        write(&mut writer, node)?;
    }
    Ok(writer.into_inner())
}

fn write(writer: &mut Writer<Vec<u8>>, node: &Node) -> Result<(), FormError> {
    match node {
        Node::Other(event) => writer.write_event(event.borrow()).map_err(unreadable),
        Node::Element(element) if element.children.is_empty() => {
            writer.write_event(Event::Empty(element.start.borrow())).map_err(unreadable)
        }
        Node::Element(element) => {
            let (start, end) = (element.start.borrow(), element.start.to_end());
            writer.write_event(Event::Start(start)).map_err(unreadable)?;
            for child in &element.children {
                write(writer, child)?;
            }
            writer.write_event(Event::End(end)).map_err(unreadable)
        }
    }
}

impl Element {
    fn is(&self, name: &str) -> bool {
        self.start.name().as_ref() == name.as_bytes()
    }

    /// Returns all text below, in order.
    fn text(&self) -> String {
        let mut out = String::new();
        self.push_text(&mut out);
        out
    }

    fn push_text(&self, out: &mut String) {
        if self.is("w:t") {
            out.push_str(&characters(&self.children));
            return;
        }
        for child in &self.children {
            if let Node::Element(element) = child {
                element.push_text(out);
            }
        }
    }
}

/// Returns the characters between two tags of XML; what is no text is left out.
fn characters(nodes: &[Node]) -> String {
    let mut out = String::new();
    for node in nodes {
        match node {
            Node::Other(Event::Text(text)) => out.push_str(&text.decode().unwrap_or_default()),
            Node::Other(Event::CData(text)) => out.push_str(&text.decode().unwrap_or_default()),
            Node::Other(Event::GeneralRef(name)) => {
                let number = name.resolve_char_ref().ok().flatten().map(String::from);
                let named = name.decode().ok();
                let named = named.and_then(|name| quick_xml::escape::resolve_xml_entity(&name));
                out.push_str(&number.or_else(|| named.map(str::to_owned)).unwrap_or_default());
            }
            Node::Other(_) | Node::Element(_) => {}
        }
    }
    out
}

/// Fills everything below: rows that open a list as often as it has rows, paragraphs once.
fn fill(nodes: &mut Vec<Node>, source: &dyn Source) -> Result<(), FormError> {
    let mut filled = Vec::with_capacity(nodes.len());
    for node in nodes.drain(..) {
        let Node::Element(mut element) = node else {
            filled.push(node);
            continue;
        };
        let list = if element.is("w:tr") { tags::opened(&element.text())? } else { None };
        if let Some(list) = list {
            repeat(&element, &list, source, &mut filled)?;
            continue;
        }
        fill(&mut element.children, source)?;
        if element.is("w:p") {
            fill_paragraph(&mut element, source)?;
        }
        filled.push(Node::Element(element));
    }
    *nodes = filled;
    Ok(())
}

/// Writes a row of a table once for each record of a list, and empty lines up to the number the tag asks for.
fn repeat(
    row: &Element,
    list: &ListTag,
    source: &dyn Source,
    out: &mut Vec<Node>,
) -> Result<(), FormError> {
    let unknown = |unknown| tags::unknown_name(&format!("#{}", list.name), unknown);
    let rows = source.list(list).map_err(unknown)?;
    let blank = source.blank(list).map_err(unknown)?;
    let blanks = list.lines.max(1).saturating_sub(rows.len());
    let sources = rows.iter().chain(std::iter::repeat_n(&blank, blanks));
    for source in sources {
        let mut row = row.clone();
        fill(&mut row.children, source.as_ref())?;
        out.push(Node::Element(row));
    }
    Ok(())
}

/// Replaces the tags of a paragraph. A word processor may have cut a tag into several runs: the text goes into the one where the
/// tag begins, and keeps that run's look.
fn fill_paragraph(paragraph: &mut Element, source: &dyn Source) -> Result<(), FormError> {
    let mut texts = Vec::new();
    collect(&paragraph.children, &mut texts);
    let whole = texts.concat();
    if !whole.contains("{{") {
        return Ok(());
    }
    let mut ends = Vec::with_capacity(texts.len());
    let mut at = 0;
    for text in &texts {
        at += text.len();
        ends.push(at);
    }
    let mut new = vec![String::new(); texts.len()];
    let mut at = 0;
    for piece in tags::pieces(&whole) {
        match piece {
            Piece::Plain(plain) => {
                for c in plain.chars() {
                    if let Some(run) = new.get_mut(ends.partition_point(|end| *end <= at)) {
                        run.push(c);
                    }
                    at += c.len_utf8();
                }
            }
            Piece::Tag(tag) => {
                if let Some(run) = new.get_mut(ends.partition_point(|end| *end <= at)) {
                    run.push_str(&tags::replacement(tag, source)?);
                }
                at += tag.len() + "{{}}".len();
            }
        }
    }
    let mut new = new.into_iter();
    put_back(&mut paragraph.children, &mut new);
    Ok(())
}

/// Collects the texts of a paragraph, those of a paragraph within it (a text box) left out: it is filled on its own.
fn collect(nodes: &[Node], out: &mut Vec<String>) {
    for node in nodes {
        let Node::Element(element) = node else { continue };
        if element.is("w:t") {
            out.push(characters(&element.children));
        } else if !element.is("w:p") {
            collect(&element.children, out);
        }
    }
}

/// Puts the texts back where [`collect`] found them; a text of several lines gets breaks.
fn put_back(nodes: &mut Vec<Node>, texts: &mut impl Iterator<Item = String>) {
    let mut out = Vec::with_capacity(nodes.len());
    for node in nodes.drain(..) {
        match node {
            Node::Element(element) if element.is("w:t") => {
                let text = texts.next().unwrap_or_default();
                for (line, part) in text.split('\n').enumerate() {
                    if line > 0 {
                        out.push(Node::Element(empty("w:br")));
                    }
                    out.push(Node::Element(text_element(part)));
                }
            }
            Node::Element(mut element) if !element.is("w:p") => {
                put_back(&mut element.children, texts);
                out.push(Node::Element(element));
            }
            other => out.push(other),
        }
    }
    *nodes = out;
}

fn empty(name: &'static str) -> Element {
    Element { start: BytesStart::new(name), children: Vec::new() }
}

fn text_element(text: &str) -> Element {
    let mut start = BytesStart::new("w:t");
    start.push_attribute(("xml:space", "preserve"));
    // Characters that XML cannot hold never come from records; a template's own were read by the same reader.
    let text: String = text.chars().filter(|c| *c == '\t' || !c.is_control()).collect();
    let text = Event::Text(BytesText::new(&text).into_owned());
    Element { start, children: vec![Node::Other(text)] }
}
