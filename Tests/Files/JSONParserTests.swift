import EmotionFormerCore
import EmotionFormerTestSupport
import Testing

@testable import EmotionFormerFiles

@Suite struct JSONParserTests {
    private static func parse(_ bytes: [UInt8]) throws(Fault) -> JSONValue {
        try JSONCursor(parsing: bytes).node.value
    }

    private static func parse(_ text: String) throws(Fault) -> JSONValue { try parse(Array(text.utf8)) }

    @Test("every kind of value is read as it stands")
    func values() throws {
        #expect(
            try Self.parse(" {\"a\" : [1, -0, 2.50, 1e2, -3E-1],\t\"b\":{}, \"\": [], \"c\": [true, false, null]}\r\n")
                == [
                    "a": [1, 0, 2.5, 100.0, -0.3], "b": [:], "": [], "c": [true, false, .null],
                ])
        #expect(try Self.parse("9223372036854775807") == .integer(.max))
        #expect(try Self.parse("-9223372036854775808") == .integer(.min))
        #expect(try Self.parse("1.0") == .number(1))
        #expect(try Self.parse("1.0") != .integer(1))
        #expect(try Self.parse("5e-324") == .number(.leastNonzeroMagnitude))
    }

    @Test("escapes and surrogate pairs become their characters")
    func escapes() throws {
        let text = #""\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\uDE00é😀 \u0000""#
        #expect(try Self.parse(text) == .string("\"\\/\u{8}\u{C}\n\r\tAé😀é😀 \u{0}"))
    }

    @Test(
        "each departure from the grammar is refused at its line and column",
        arguments: [
            ("", "line 1, column 1: there is no value here (found the end of the text"),
            ("{\"a\": 1,}", "line 1, column 9: there is no field name here (found '}'"),
            ("[1,]", "line 1, column 4: [1]: there is no value here (found ']'"),
            ("[1 2]", "line 1, column 4: the array goes on wrongly (found '2', expected ',' or ']'"),
            ("{\"a\"\n 1}", "line 2, column 2: a: the field has no value (found '1'"),
            (
                "{\"a\": {\"b\": [0, tru]}}",
                "line 1, column 17: a.b[1]: there is no value here (found 't', expected true"
            ),
            ("{\"a\": 1, \"b\": 2, \"a\": 3}", "line 1, column 18: a: the field stands twice in its object (found 'a'"),
            ("{\"\\u0061\": 1, \"a\": 3}", "line 1, column 15: a: the field stands twice"),
            ("01", "line 1, column 1: a number starts with a superfluous zero"),
            ("-", "line 1, column 2: the number is incomplete"), ("1.", "line 1, column 3: the number is incomplete"),
            ("1e+", "line 1, column 4: the number is incomplete"), ("+1", "line 1, column 1: there is no value here"),
            (".5", "line 1, column 1: there is no value here"), ("NaN", "line 1, column 1: there is no value here"),
            ("1e999", "line 1, column 1: the number is out of range (found 1e999, expected a finite number"),
            ("9223372036854775808", "expected an integer of 64 bits"),
            ("1 1", "line 1, column 3: there is something after"),
            ("\"é\n\"", "line 1, column 3: a control character stands in a string (found the control character 0x0a"),
            ("\"abc", "line 1, column 5: the string has no end"),
            ("\"\\x\"", "line 1, column 2: there is no such escape"),
            ("\"\\u12G4\"", "four hexadecimal digits"), ("\"\\u-000\"", "four hexadecimal digits"),
            ("\"\\u+123\"", "four hexadecimal digits"),
            ("\"\\ud800\"", "line 1, column 2: the first half of a surrogate pair stands alone"),
            ("\"\\ud800\\u0041\"", "the first half of a surrogate pair stands alone"),
            ("\"\\udc00\"", "the second half of a surrogate pair stands alone"), ("\"\\", "the string has no end"),
            ("\u{FEFF}{}", "line 1, column 1: the text starts with a byte order mark"),
            ("{a: 1}", "there is no field name here"), ("['a']", "there is no value here"),
            ("[1] // one", "there is something after the value"),
        ])
    func malformed(text: String, expected: String) {
        do throws(Fault) {
            _ = try Self.parse(text)
            Issue.record("the text was read")
        } catch {
            #expect(error.code == .malformedJSON)
            #expect(error.description.contains(expected), "\(error)")
        }
    }

    @Test(
        "what is not UTF-8 is refused: overlong forms, surrogates, stray and missing bytes, values past U+10FFFF",
        arguments: [
            [0x80], [0xC0, 0x80], [0xC3], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xE2, 0x82],
            [0xF0, 0x80, 0x80, 0x80],
            [0xF4, 0x90, 0x80, 0x80], [0xF8], [0xFF], [0xE2, 0x82, 0x22], [0xF0, 0x9F, 0x98],
        ] as [[UInt8]])
    func encoding(bytes: [UInt8]) {
        let fault = #expect(throws: Fault.self) { try Self.parse([0x5B, 0x0A, 0x22] + bytes + [0x22, 0x5D]) }
        #expect(fault?.description.hasPrefix("line 2, column 2: the text is not UTF-8 (found the byte 0x") == true)
    }

    @Test("depth, number of values and length have limits, checked before memory is used")
    func limits() throws {
        let limits = JSONParser.Limits(byteCount: 100, depth: 3, valueCount: 5)
        func expect(_ text: String, _ part: String) {
            let fault = #expect(throws: Fault.self) { try JSONCursor(parsing: Array(text.utf8), limits: limits) }
            #expect(fault?.code == .limitExceeded && fault?.description.contains(part) == true)
        }
        _ = try JSONCursor(parsing: Array("[[[1, 2]]]".utf8), limits: limits)
        expect("[[[[]]]]", "line 1, column 4: [0][0][0]: values nest too deeply (expected at most 3)")
        expect("[1, 2, 3, 4, 5]", "[4]: there are too many values (expected at most 5)")
        expect(String(repeating: " ", count: 101), "the text is too long (found 101 bytes, expected at most 100)")
        let deep = #expect(throws: Fault.self) { try Self.parse(String(repeating: "[", count: 1 << 20)) }
        #expect(deep?.code == .limitExceeded)
    }

    @Test("the writer's text reads back the same: order of members, shortest numbers, every character")
    func roundTrip() throws {
        let value: JSONValue = [
            "z": 1, "a": .array((0..<100).map { .number(Double($0) / 10) }), "empty": [:], "none": [],
            "numbers": [0.1, 1e300, .number(-.leastNonzeroMagnitude), 1.0, 123_456_789.25, 1e-7, 1e16],
            "big": .integer(.min),
            "text": .string(
                String((0..<0x20).compactMap { Unicode.Scalar($0).map(Character.init) }) + "\u{7F}\"\\/é😀\u{2028}"),
            "nested": [["a": ["b": ["c": .null]]], ["d": true]],
        ]
        let text = try value.text()
        #expect(try Self.parse(text) == value)
        #expect(text.contains("\"numbers\": [0.1, 1e+300, -5e-324, 1.0, 123456789.25, 1e-07, 1e+16],\n"))
        #expect(text.split(separator: "\n").contains { $0.hasPrefix("  \"a\": [0.0, 0.1") && $0.hasSuffix("9.9],") })
        #expect(refusal { try JSONValue.number(.infinity).text() } == "JSON cannot hold the number (found inf)")
    }
}
