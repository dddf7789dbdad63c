import EmotionFormerCore
import EmotionFormerFiles
import EmotionFormerGraph

@testable import EmotionFormerModelFormat

/// Changes a valid package a little: a value of the manifest, or the weights; then makes the file's size and checksum
/// true again, so that the change gets past the first checks.
struct PackageMutator {
    var manifest: JSONValue
    var weights: [UInt8]
    var random: SeededGenerator

    static let integers = [
        0, 1, 2, 3, 4, 5, 7, 8, 16, 31, 63, 64, 65, 127, 128, 255, 256, 1000, 65535, 65536, -1, -2, -128, 1 << 20,
        1 << 31 - 1,
        1 << 31, -1 << 31, 1 << 32, 1 << 53, .max, .max - 63, .min,
    ]
    static let numbers: [Double] = [
        0, -0.0, 1, -1, 0.5, 1e-30, -1e-30, 1e30, 1e-3, 1e308, .leastNonzeroMagnitude, 3.4028234663852886e38, 1e-45,
        2e9, 9.3e18,
    ]

    /// Parts of the manifest, as often as they are listed: what is changed in the input alone hardly ever agrees with the
    /// graph. The first format has an `input`, today's has `inputs`.
    private static let fields = [
        "graphs", "graphs", "graphs", "graphs", "graphs", "tensors", "tensors", "input", "inputs",
    ]
    /// What decides how a node runs and what a tensor is, as often as it is listed.
    private static let nodeFields = ["attributes", "attributes", "attributes", "operation", "inputs", "weights"]
    private static let tensorFields = ["shape", "shape", "dtype", "quantization", "name"]

    mutating func mutate() {
        for _ in 0..<(random.chance(0.7) ? 1 : Int.random(in: 2...4, using: &random)) {
            if random.chance(0.15), !weights.isEmpty { changeWeights() } else { changeManifest() }
        }
        if random.chance(0.98) { seal() }
    }

    private mutating func changeWeights() {
        let place = Int.random(in: 0..<weights.count, using: &random) & ~3
        let patterns: [UInt32] = [
            0, 1, 0x8000_0000, 0x7F80_0000, 0xFF80_0000, 0x7FC0_0000, 0x7F7F_FFFF, 0x0080_0000, 0x3F80_0000,
            0xFFFF_FFFF, 0x7FFF_FFFF, 0x0000_7C00, 0x4B80_0000, 0xC2C8_0000,
        ]
        let pattern = patterns.randomElement(using: &random) ?? 0
        for byte in 0..<4 where place + byte < weights.count {
            weights[place + byte] = UInt8(truncatingIfNeeded: pattern >> (8 * UInt32(byte)))
        }
    }

    private mutating func changeManifest() {
        // The places that decide what runs are few among the file's fields.
        let field = random.chance(0.95) ? PackageMutator.fields.randomElement(using: &random) : nil
        if case .object(var members) = manifest, let index = members.firstIndex(where: { $0.name == field }) {
            change(&members[index].value, members[index].name)
            manifest = .object(members)
        } else {
            var whole = manifest
            change(&whole, "")
            manifest = whole
        }
    }

    /// Every value whose nearest field has this name.
    private func values(of wanted: String) -> [JSONValue] {
        var values: [JSONValue] = []
        func collect(_ value: JSONValue, _ field: String) {
            if field == wanted { values.append(value) }
            switch value {
            case .array(let elements): for element in elements { collect(element, field) }
            case .object(let members): for member in members { collect(member.value, member.name) }
            default: break
            }
        }
        collect(manifest, "")
        return values
    }

    /// Goes down at random, and changes what it ends at.
    private mutating func change(_ value: inout JSONValue, _ field: String) {
        switch value {
        case .array(var elements) where !elements.isEmpty:
            let index = Int.random(in: 0..<elements.count, using: &random)
            if random.chance(0.95) {
                change(&elements[index], field)
            } else if random.chance(0.5) {
                elements.remove(at: index)
            } else {
                elements.insert(elements[index], at: Int.random(in: 0...elements.count, using: &random))
                if elements.count > 1, random.chance(0.5) { elements.swapAt(0, elements.count - 1) }
            }
            value = .array(elements)
        case .object(var members) where !members.isEmpty:
            var index = Int.random(in: 0..<members.count, using: &random)
            let isNode = members.contains { $0.name == "operation" }
            if let variables = members.firstIndex(where: { $0.name == "variables" }), random.chance(0.2) {
                index = variables
            } else if let nodes = members.firstIndex(where: { $0.name == "nodes" }), random.chance(0.9) {
                index = nodes
            } else if isNode || members.contains(where: { $0.name == "dtype" }), random.chance(0.9) {
                let wanted = isNode ? PackageMutator.nodeFields : PackageMutator.tensorFields
                let name = wanted.randomElement(using: &random)
                index = members.firstIndex { $0.name == name } ?? index
            }
            if random.chance(0.98) {
                change(&members[index].value, members[index].name)
            } else if random.chance(0.5) {
                members.remove(at: index)
            } else {
                members[index].name = members.randomElement(using: &random)?.name ?? ""
            }
            value = .object(members)
        default: value = replacement(of: value, field)
        }
    }

    private mutating func replacement(of value: JSONValue, _ field: String) -> JSONValue {
        if random.chance(0.01) { return values(of: field).randomElement(using: &random) ?? .null }
        switch value {
        case .integer(let number):
            switch Int.random(in: 0..<4, using: &random) {
            case 0: return .integer(number &+ 1)
            case 1: return .integer(number &- 1)
            case 2: return .integer(PackageMutator.integers.randomElement(using: &random) ?? 0)
            default: return neighbor(of: value, field) { if case .integer = $0 { true } else { false } }
            }
        case .number: return .number(PackageMutator.numbers.randomElement(using: &random) ?? 0)
        case .boolean(let flag): return .boolean(!flag)
        case .string(let text):
            if EmotionFormerGraph.Operation(rawValue: text) != nil, random.chance(0.5) {
                return .string(EmotionFormerGraph.Operation.allCases.randomElement(using: &random)?.rawValue ?? "")
            }
            if ActivationFunction(rawValue: text) != nil, random.chance(0.5) {
                return .string(ActivationFunction.allCases.randomElement(using: &random)?.rawValue ?? "")
            }
            if ElementType(rawValue: text) != nil, random.chance(0.7) {
                return .string(ElementType.allCases.randomElement(using: &random)?.rawValue ?? "")
            }
            return neighbor(of: value, field) { if case .string = $0 { true } else { false } }
        default: return values(of: field).randomElement(using: &random) ?? .null
        }
    }

    private mutating func neighbor(
        of value: JSONValue, _ field: String, _ isAlike: (JSONValue) -> Bool
    ) -> JSONValue {
        values(of: field).filter(isAlike).randomElement(using: &random) ?? value
    }

    /// The weights' true size and checksum into the manifest. Most of the time each tensor's place too: in the order of
    /// the list, with the size that type and shape ask for, and the file as long as they need.
    private mutating func seal() {
        guard case .object(var members) = manifest else { return }
        if random.chance(0.97), let index = members.firstIndex(where: { $0.name == "tensors" }) {
            members[index].value = laidOut(members[index].value)
        }
        var hash = XXH64()
        weights.withUnsafeBytes { hash.update($0) }
        if let index = members.firstIndex(where: { $0.name == "weights" }),
            case .object(var file) = members[index].value
        {
            for field in file.indices {
                switch file[field].name {
                case "byteCount": file[field].value = .integer(weights.count)
                case "xxh64": file[field].value = .string(hash.hexadecimalValue)
                default: break
                }
            }
            members[index].value = .object(file)
        }
        manifest = .object(members)
    }

    private mutating func laidOut(_ tensors: JSONValue) -> JSONValue {
        guard case .array(var entries) = tensors else { return tensors }
        var file: [UInt8] = []
        for index in entries.indices {
            guard case .object(var entry) = entries[index], case .array(let shape)? = entries[index]["shape"],
                case .string(let name)? = entries[index]["dtype"], let type = ElementType(rawValue: name),
                case .integer(let old)? = entries[index]["offset"]
            else { return tensors }
            var size = type.byteCount
            for extent in shape {
                guard case .integer(let extent) = extent, (0...1 << 16).contains(extent) else { return tensors }
                size = min(size * extent, 1 << 20)
            }
            guard size <= 1 << 16 else { return tensors }
            while file.count % 64 != 0 { file.append(0) }
            for field in entry.indices {
                if entry[field].name == "offset" { entry[field].value = .integer(file.count) }
                if entry[field].name == "byteCount" { entry[field].value = .integer(size) }
            }
            entries[index] = .object(entry)
            for place in 0..<size {
                let source = old &+ place
                file.append(weights.indices.contains(source) ? weights[source] : 0)
            }
        }
        weights = file
        return .array(entries)
    }
}
