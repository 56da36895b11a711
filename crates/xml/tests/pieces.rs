//! Input in any pieces gives the same events, wrong input gives errors and nothing worse, and time is linear.

use taipan_xml::{Event, Markup, Next, Parser};

const DOCUMENTS: [&[u8]; 4] = [
    b"<?xml version='1.0' encoding='utf-8'?>\r\n<!DOCTYPE a PUBLIC \"x  y\" 'z' [\n<!ENTITY e 'some <b>t&#101;xt</b>'>\
      <!ENTITY % pe \"<!ENTITY g 'gg'>\"> %pe;<!ELEMENT a (b,(c|d)*,e+)>\n<!ATTLIST a x CDATA 'd&lt;f' y (p|q) #REQUIRED>\
      <!NOTATION n SYSTEM 'foo'><!ENTITY u SYSTEM 'bar' NDATA n><!-- c --><?pi d?>]>\r<a z=' 1\n2 '>&e;t\xc3\xa9xt&amp;\
      <![CDATA[<x>]]>]]]<b/></a><!-- after -->",
    b"<a xmlns='u' xmlns:p='v' p:x='1' y='2'><p:b xmlns:q='w' q:z='3'><c xmlns=''/></p:b></a>",
    b"<!DOCTYPE r [<!ENTITY a 'x&b;'><!ENTITY b 'y&c;'><!ENTITY c \"<z q='&d;'/>\"><!ENTITY d 'dd'>]><r v='&d;'>&a;&b;</r>",
    b"<a>\xe4\xb8\xad\xe6\x96\x87 ]] > </a>",
];

/// All events of a document in pieces, as text; characters that follow each other are one event.
fn events(document: &[u8], piece: usize, separator: Option<u8>) -> Vec<String> {
    let mut parser = Parser::new(None, separator);
    parser.set_wanted(!0 ^ taipan_xml::want::DEFAULT, true);
    parser.set_reparse_deferral(false);
    let mut told: Vec<String> = Vec::new();
    let mut pieces: Vec<&[u8]> = document.chunks(piece).collect();
    pieces.push(b"");
    let last = pieces.len() - 1;
    for (k, piece) in pieces.into_iter().enumerate() {
        if let Err(error) = parser.begin(piece, piece.len(), k == last) {
            told.push(format!("{error:?}"));
            return told;
        }
        loop {
            match parser.advance() {
                Next::Done(Ok(())) => break,
                Next::Done(Err(error)) => {
                    told.push(format!(
                        "{error:?} {} {} {:?}",
                        parser.line(),
                        parser.column(),
                        parser.byte_index()
                    ));
                    return told;
                }
                Next::Event(event) => tell(&parser, event, &mut told),
            }
            parser.answer(true);
        }
    }
    told
}

fn tell(parser: &Parser, event: Event, told: &mut Vec<String>) {
    let name = String::from_utf8_lossy(parser.element_name()).into_owned();
    match event {
        Event::Characters => {
            let text = String::from_utf8_lossy(parser.text()).into_owned();
            match told.last_mut() {
                Some(last) if last.starts_with("text ") => last.push_str(&text),
                _ => told.push(format!("text {text}")),
            }
        }
        Event::StartElement => {
            let attributes: Vec<_> = (0..parser.attribute_count())
                .filter_map(|k| parser.attribute(k))
                .map(|(name, value)| {
                    (
                        String::from_utf8_lossy(name).into_owned(),
                        String::from_utf8_lossy(value).into_owned(),
                    )
                })
                .collect();
            told.push(format!("<{name} {attributes:?}"));
        }
        Event::EndElement => told.push(format!("</{name}")),
        Event::Default => {}
        Event::Markup(markup) => match *markup {
            Markup::UnknownEncoding { .. } => {}
            markup => told.push(format!("{markup:?}")),
        },
    }
}

#[test]
fn pieces_make_no_difference() {
    for document in DOCUMENTS {
        for separator in [None, Some(b' ')] {
            let whole = events(document, document.len(), separator);
            for piece in [1, 2, 3, 7, 50] {
                assert_eq!(
                    events(document, piece, separator),
                    whole,
                    "in pieces of {piece}"
                );
            }
        }
    }
}

#[test]
fn wrong_input_ends_in_errors() {
    // A generator of numbers that is always the same.
    let mut state = 1u64;
    let mut next = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below.max(1)
    };
    let marks: &[&[u8]] = &[
        b"<",
        b">",
        b"&",
        b";",
        b"'",
        b"]]>",
        b"<![CDATA[",
        b"%",
        b"\r",
        b"\0",
        b"\xff",
        b"\xe4",
        b"(",
        b"|",
        b":",
    ];
    for _ in 0..4000 {
        let mut document = DOCUMENTS[next(DOCUMENTS.len())].to_vec();
        for _ in 0..=next(4) {
            let at = next(document.len());
            match next(3) {
                0 => drop(document.splice(at..at, marks[next(marks.len())].iter().copied())),
                1 => drop(document.drain(at..(at + 1 + next(8)).min(document.len()))),
                _ => document[at] = next(256) as u8,
            }
        }
        let separator = [None, Some(b' '), Some(0)][next(3)];
        events(&document, 1 + next(document.len()), separator);
        let wide: Vec<u8> = document.iter().flat_map(|&b| [b, 0]).collect();
        events(&wide, 1 + next(wide.len()), separator);
    }
}

#[test]
fn deep_and_wide_documents_take_linear_time() {
    let n = 50_000;
    let deep = [b"<a>".repeat(n), b"</a>".repeat(n)].concat();
    assert_eq!(events(&deep, deep.len(), None).len(), 2 * n);
    let groups = [b"(".repeat(n), b"a".to_vec(), b")".repeat(n)].concat();
    let model = [b"<!DOCTYPE a [<!ELEMENT a ".as_slice(), &groups, b">]><a/>"].concat();
    assert_eq!(events(&model, 4096, None).len(), 5);
    let mut wide = b"<a".to_vec();
    for k in 0..n {
        wide.extend_from_slice(format!(" a{k}='{k}'").as_bytes());
    }
    wide.extend_from_slice(b"/>");
    assert_eq!(events(&wide, wide.len(), Some(b' ')).len(), 2);
    let mut chain = b"<!DOCTYPE a [<!ENTITY e0 'x'>".to_vec();
    for k in 1..n {
        chain.extend_from_slice(format!("<!ENTITY e{k} '&e{};'>", k - 1).as_bytes());
    }
    chain.extend_from_slice(format!("]><a b='&e{};'>&e{};</a>", n - 1, n - 1).as_bytes());
    assert!(events(&chain, chain.len(), None).len() > n);
}
