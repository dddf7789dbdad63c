import EmotionFormer
import EmotionFormerCore
import Testing

/// Pickles by scikit-learn; `Fixtures/labels/make_labels.py` wrote them.
@Suite("Class names from a LabelEncoder's pickle")
struct ClassNamesTests {
    private static let names = ["Happy", "Sad", "Ängstlich"]

    private static func names(_ file: String) throws -> [String] {
        try ClassNames.pickled(ClipFixtures.bytes(inFile: "labels/\(file)"))
    }

    private static func fault(_ bytes: [UInt8]) -> Fault? {
        do throws(Fault) {
            _ = try ClassNames.pickled(bytes)
            return nil
        } catch {
            return error
        }
    }

    @Test("Every protocol is read, for arrays of text and of objects", arguments: 0..<6)
    func protocols(number: Int) throws {
        #expect(try Self.names("text-\(number).pkl") == Self.names)
        #expect(try Self.names("objects-\(number).pkl") == Self.names)
    }

    @Test("joblib's files are read, plain and compressed, and numbers are names")
    func joblib() throws {
        for file in ["text", "objects", "zlib", "gzip", "bz2", "lzma", "xz"] {
            #expect(try Self.names("\(file).joblib") == Self.names)
        }
        #expect(try Self.names("numbers.joblib") == ["3", "7", "10"])
    }

    @Test("NumPy's own files are read: text, objects, which are pickled, and whole numbers")
    func arrays() throws {
        func names(_ file: String) throws -> [String] {
            try ClassNames.array(ClipFixtures.bytes(inFile: "labels/\(file)"))
        }
        #expect(try names("text.npy") == Self.names)
        #expect(try names("objects.npy") == Self.names)
        #expect(try names("numbers.npy") == ["3", "7", "10"])
        func fault(_ bytes: [UInt8]) -> Fault? {
            do throws(Fault) {
                _ = try ClassNames.array(bytes)
                return nil
            } catch {
                return error
            }
        }
        for file in ["text.npy", "objects.npy", "numbers.npy"] {
            let bytes = try ClipFixtures.bytes(inFile: "labels/\(file)")
            for length in 0..<bytes.count { #expect(fault(Array(bytes[..<length])) != nil, "\(file) \(length)") }
            for index in bytes.indices {
                var changed = bytes
                changed[index] ^= 0x80
                #expect(fault(changed).map { !$0.description.contains("\n") } ?? true)
            }
        }
        // Floats are no names, and text has an order of its axes.
        let floats = ClipFixtures.npy(shape: "(2,)", payload: ClipFixtures.bytes(of: [1, 2]))
        #expect(fault(floats)?.code == .unsupportedAttribute)
        let turned = ClipFixtures.npy(
            "{'descr': '<i4', 'fortran_order': True, 'shape': (2, 1), }\n", payload: [1, 0, 0, 0, 2, 0, 0, 0])
        #expect(fault(turned)?.code == .unsupportedAttribute)
    }

    @Test("Every beginning of a file is an error, and no changed byte does harm")
    func damage() throws {
        let endings = [
            "the pickle is damaged: it ends early", "the data is cut short", "the gzip file is damaged",
            // Less than two bytes.
            "the pickle does something that no label encoder needs",
        ]
        for file in ["text-0.pkl", "text-4.pkl", "objects-2.pkl", "objects.joblib", "zlib.joblib", "gzip.joblib"] {
            let bytes = try ClipFixtures.bytes(inFile: "labels/\(file)")
            for length in 0..<bytes.count {
                let fault = Self.fault(Array(bytes[..<length]))
                #expect(endings.contains(fault?.problem ?? "accepted"), "\(file) \(length): \(fault as Any)")
            }
            for index in bytes.indices {
                for change in [1, 0x80, 0xFF] as [UInt8] {
                    var changed = bytes
                    changed[index] ^= change
                    let fault = Self.fault(changed)
                    #expect(fault.map { !$0.description.contains("\n") } ?? true)
                }
            }
        }
        // Negative control: a stored checksum notices what the pickle itself cannot.
        var changed = try ClipFixtures.bytes(inFile: "labels/zlib.joblib")
        changed[changed.count - 1] ^= 1
        #expect(Self.fault(changed)?.code == .checksumMismatch)
    }

    @Test(
        "A pickle that refers to anything else is refused by name",
        arguments: [
            "cos\nsystem\n(S'true'\ntR.", "cposix\nsystem\n(S'true'\ntR.", "c__builtin__\neval\n(S'1'\ntR.",
            "\u{8C}\u{02}os\u{8C}\u{06}system\u{93}.",
        ])
    func globals(text: String) throws {
        let fault = try #require(Self.fault(text.unicodeScalars.map { UInt8($0.value) }))
        #expect(fault.code == .unsupportedOperation)
        #expect(fault.found?.hasSuffix("system") == true || fault.found == "__builtin__.eval")
        // Negative control: the same form with an allowed name fails later, for another reason.
        let allowed = Self.fault(Array("csklearn.preprocessing._label\nLabelEncoder\n)R.".utf8))
        #expect(allowed?.problem.contains("holds no LabelEncoder with classes") == true)
    }

    @Test("An escape is digits alone, without a sign", arguments: ["V\\u+123", "V\\u-000", "V\\U+0000041", "S'\\x+1'"])
    func escapes(text: String) throws {
        let fault = try #require(Self.fault(Array("]\(text)\na.".utf8)))
        #expect(fault.code == .invalidValue && fault.problem.contains("an escape is malformed"))
        // Negative control: a digit in the sign's place.
        let digits = text.replacing("+", with: "0").replacing("-", with: "0")
        #expect(try ClassNames.pickled(Array("]\(digits)\na.".utf8)).count == 1)
    }

    @Test("Opcodes that no label encoder needs are refused")
    func opcodes() {
        for opcode in [UInt8(ascii: "i"), UInt8(ascii: "o"), UInt8(ascii: "P"), 0x82, 0x92, 0x97, 0xFF] {
            #expect(Self.fault([opcode, 1, 0x2E])?.code == .unsupportedOperation)
        }
    }

    @Test("Deep nesting, huge lengths and huge shapes are errors at once")
    func limits() {
        let nested = [UInt8](repeating: UInt8(ascii: "]"), count: 300_000)
        #expect(Self.fault(nested + [UInt8](repeating: UInt8(ascii: "a"), count: 300_000)) != nil)
        #expect(Self.fault([UInt8](repeating: UInt8(ascii: "("), count: 1 << 20))?.code == .limitExceeded)
        let tuples = [UInt8(ascii: "N")] + [UInt8](repeating: 0x85, count: 200_000) + [UInt8(ascii: ".")]
        #expect(Self.fault(tuples) != nil)
        #expect(Self.fault([0x8D] + [UInt8](repeating: 0xFF, count: 8))?.code == .invalidValue)
        #expect(Self.fault([0x8E] + [UInt8](repeating: 0xFE, count: 7) + [0x7F]) != nil)
        #expect(Self.fault([UInt8](repeating: 0, count: 5 << 20))?.code == .limitExceeded)
        let shape =
            "cnumpy.core.numeric\n_frombuffer\n(S''\ncnumpy\ndtype\n(S'i8'\ntR(I4294967296\nI4294967296\ntS'C'\ntR."
        #expect(Self.fault(Array(shape.utf8))?.code == .limitExceeded)
        // A list that holds itself has no end, but is not a name either.
        #expect(Self.fault(Array("]q\0h\0a.".utf8))?.problem == "a class name in the pickle is not text")
    }

    @Test(
        "A class counts by its module, too",
        arguments: ["evil", "sklearn", "sklearn.preprocessing._label.evil", "sklearn.preprocessing", "numpy", ""])
    func modules(module: String) {
        let fault = Self.fault(Array("c\(module)\nLabelEncoder\n)R.".utf8))
        #expect(fault?.code == (module == "sklearn.preprocessing" ? .invalidValue : .unsupportedOperation), "\(module)")
        if module == "evil" { #expect(fault?.found == "evil.LabelEncoder") }
    }

    @Test("An array has at most 65,536 names", arguments: [65_536, 65_537, 1 << 21])
    func elements(count: Int) {
        // The shape is read before the elements, which are missing.
        let text = "cnumpy.core.numeric\n_frombuffer\n(S''\ncnumpy\ndtype\n(S'i8'\ntR(I\(count)\ntS'C'\ntR."
        #expect(Self.fault(Array(text.utf8))?.code == (count == 65_536 ? .sizeMismatch : .limitExceeded))
    }

    /// A pickle that makes an array of so many single letters, again and again out of the same bytes.
    private static func arrays(of count: Int, times: Int) -> [UInt8] {
        let size = (0..<4).map { UInt8(truncatingIfNeeded: count >> ($0 * 8)) }
        let letters = [UInt8](repeating: UInt8(ascii: "a"), count: count)
        let values = Array("B".utf8) + size + letters + Array("p0\n".utf8)
        let globals = "cnumpy.core.numeric\n_frombuffer\np1\ncnumpy\ndtype\n(S'S1'\ntRp2\n"
        let call = "g1\n(g0\ng2\n(I\(count)\ntS'C'\ntR"
        return values + Array((globals + [String](repeating: call, count: times).joined() + ".").utf8)
    }

    @Test("What a pickle makes of the same bytes again and again is counted together")
    func amplification() throws {
        #expect(try ClassNames.pickled(Self.arrays(of: 65536, times: 1)).count == 65536)
        #expect(try ClassNames.pickled(Self.arrays(of: 1000, times: 3)).count == 1000)
        let problem = "the pickle uses its data again more often than a label encoder does"
        let elements = try #require(Self.fault(Self.arrays(of: 65536, times: 3)))
        #expect(elements.code == .limitExceeded && elements.problem == problem)
        #expect(elements.expected == "at most 131072 elements in all")
        let bytes = try #require(Self.fault(Self.arrays(of: 1000, times: 20)))
        #expect(bytes.code == .limitExceeded && bytes.expected?.hasSuffix("four times the pickle") == true)
    }

    @Test("A state that is given again and again, a shape that is looked at and text that is encoded are counted too")
    func repeatedWork() throws {
        func fault(_ start: String, _ call: String, times: Int) -> Fault? {
            Self.fault(Array((start + [String](repeating: call, count: times).joined() + ".").utf8))
        }
        let items = [String](repeating: "N", count: 2000).joined()
        let encoder = "csklearn.preprocessing._label\nLabelEncoder\n)R"
        #expect(fault("(\(items)dp0\n" + encoder, "g0\nb", times: 60)?.code == .invalidValue)
        #expect(fault("(\(items)dp0\n" + encoder, "g0\nb", times: 70)?.code == .limitExceeded)
        let ones = [String](repeating: "K\u{1}", count: 2000).joined()
        let array = "cnumpy.core.numeric\n_frombuffer\np1\n(\(ones)tp0\ncnumpy\ndtype\n(S'S1'\ntRp2\n"
        let call = "g1\n(S'a'\ng2\ng0\nS'C'\ntR"
        #expect(fault(array, call, times: 60) == nil)
        #expect(fault(array, call, times: 70)?.code == .limitExceeded)
        let text = [String](repeating: "a", count: 2000).joined()
        let encode = "c_codecs\nencode\np0\nV\(text)\np1\n"
        #expect(fault(encode, "g0\n(g1\ntR", times: 3)?.code == .invalidValue)
        #expect(fault(encode, "g0\n(g1\ntR", times: 30)?.code == .limitExceeded)
    }

    @Test("Names that are the same megabyte again and again are refused")
    func sharedNames() {
        let size: [UInt8] = [0, 0, 16, 0]
        let name = [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 20)
        func fault(times: Int) -> Fault? {
            let list = [String](repeating: "g0\n", count: times).joined()
            return Self.fault(Array("B".utf8) + size + name + Array("p0\n(\(list)l.".utf8))
        }
        #expect(fault(times: 4) == nil)
        #expect(fault(times: 5)?.code == .limitExceeded)
    }

    @Test("Pickles within pickles are read four deep")
    func nesting() throws {
        /// joblib's array of objects, which is a pickle of an array whose one object may be another such array.
        func pickle(depth: Int) -> String {
            let wrapper =
                "cjoblib.numpy_pickle\nNumpyArrayWrapper\n)R(S'dtype'\ncnumpy\ndtype\n(S'O8'\ntRS'shape'\n(I1\ntdb"
            return depth == 0 ? "cnumpy.core.multiarray\n_reconstruct\n)R." : wrapper + pickle(depth: depth - 1) + "."
        }
        let deep = try #require(Self.fault(Array(pickle(depth: 5).utf8)))
        #expect(deep.code == .limitExceeded && deep.problem == "pickles are nested too deep")
        #expect(Self.fault(Array(pickle(depth: 4).utf8))?.problem.contains("holds no LabelEncoder") == true)
    }

    @Test("Lists, and dictionaries of numbers and names, are class names too")
    func plainData() throws {
        #expect(try ClassNames.pickled(Array("(S'B'\nS'A'\nl.".utf8)) == ["B", "A"])
        #expect(try ClassNames.pickled(Array("(S'B'\nI1\nS'A'\nI0\nd.".utf8)) == ["A", "B"])
        #expect(try ClassNames.pickled(Array("(I1\nVB\nI0\nVA\\u00e4\nd.".utf8)) == ["Aä", "B"])
        #expect(Self.fault(Array("(S'B'\nI1\nS'A'\nI7\nd.".utf8)) != nil)
        #expect(Self.fault(Array("(I0\nI1\nI1\nI0\nd.".utf8))?.problem.contains("no LabelEncoder") == true)
        #expect(Self.fault(Array("N.".utf8)) != nil)
        #expect(Self.fault(Array("(I01\nl.".utf8)) != nil)
    }
}
