import EmotionFormerCore
import EmotionFormerFiles
import EmotionFormerGraph

extension Manifest {
    private static let clipFields = [
        "frames", "features", "layout", "normalization", "padding", "truncation", "missingFrame",
    ]

    /// The field `input` of format 1: a clip. The name of the graph's input is not known yet.
    static func clip(_ cursor: JSONCursor) throws(Fault) -> InputEntry {
        try cursor.checkFields(in: clipFields)
        let input = try description(cursor)
        return InputEntry(
            specification: InputSpecification(name: InputSpecification.clipName, value: "", role: .clip(input)),
            normalization: try normalization(cursor), type: nil, cursor: cursor)
    }

    /// The field `inputs`.
    static func inputs(_ cursor: JSONCursor, _ limits: Limits) throws(Fault) -> [InputEntry] {
        var entries: [InputEntry] = []
        try cursor.checkEnds("inputs")
        for element in try cursor.elements() { entries.append(try input(element, limits)) }
        return entries
    }

    private static func input(_ cursor: JSONCursor, _ limits: Limits) throws(Fault) -> InputEntry {
        let common = ["name", "value", "dtype", "shape", "role"]
        let roleName = try cursor.required("role").choice(InputSpecification.Role.Name.self)
        let role: InputSpecification.Role
        switch roleName {
        case .clip:
            try cursor.checkFields(in: common + clipFields + ["frameShape", "missingValue"])
            var input = try description(cursor)
            if let shape = try cursor.optional("frameShape") { input.frameShape = try frameShape(shape, limits) }
            role = .clip(input)
        case .vector:
            try cursor.checkFields(in: common + ["features", "layout", "normalization", "missingValue"])
            var input = InputDescription(
                frames: 1, features: try cursor.required("features").integer(),
                layout: try cursor.required("layout").choice(LandmarkLayout.self))
            input.missingValue = try missingValue(cursor)
            role = .vector(input)
        case .image:
            try cursor.checkFields(in: common + ["range"])
            role = .image(.init(range: try cursor.optional("range").map(range)))
        case .tensor:
            try cursor.checkFields(in: common)
            role = .tensor
        }
        return InputEntry(
            specification: InputSpecification(
                name: try cursor.required("name").name(), value: try cursor.required("value").name(), role: role),
            normalization: try normalization(cursor),
            type: (
                try cursor.required("dtype").choice(ElementType.self), try cursor.required("shape").extents(limits)
            ), cursor: cursor)
    }

    private static func description(_ cursor: JSONCursor) throws(Fault) -> InputDescription {
        let padding = try cursor.required("padding")
        try padding.checkFields("value", "side", "order")
        var input = InputDescription(
            frames: try cursor.required("frames").integer(), features: try cursor.required("features").integer(),
            layout: try cursor.required("layout").choice(LandmarkLayout.self),
            padding: .init(
                value: try padding.required("value").number(),
                side: try padding.required("side").choice(InputDescription.Padding.Side.self),
                order: try padding.required("order").choice(InputDescription.Padding.Order.self)),
            truncation: try cursor.required("truncation").choice(InputDescription.Truncation.self),
            missingFrame: try cursor.required("missingFrame").choice(InputDescription.MissingFrame.self))
        input.missingValue = try missingValue(cursor)
        return input
    }

    private static func missingValue(_ cursor: JSONCursor) throws(Fault) -> InputDescription.MissingValue {
        try cursor.optional("missingValue")?.choice(InputDescription.MissingValue.self) ?? .refuse
    }

    private static func frameShape(_ cursor: JSONCursor, _ limits: Limits) throws(Fault) -> [Int] {
        let elements = try cursor.elements()
        try limits.check(.rank, elements.count, at: cursor.place, "the shape has too many axes")
        var extents: [Int] = []
        for element in elements { extents.append(try element.count()) }
        return extents
    }

    private static func range(_ cursor: JSONCursor) throws(Fault) -> ClosedRange<Double> {
        var ends: [Double] = []
        for element in try cursor.elements() { ends.append(try element.number()) }
        guard ends.count == 2, ends[0] < ends[1] else {
            throw cursor.fault(
                .invalidValue, "the value is not a range", found: "\(ends)", expected: "[lowest, highest]")
        }
        return ends[0]...ends[1]
    }

    private static func normalization(_ cursor: JSONCursor) throws(Fault) -> Normalization? {
        guard let normalization = try cursor.optional("normalization") else { return nil }
        try normalization.checkFields("mean", "standardDeviation", "epsilon")
        return Normalization(
            mean: try normalization.required("mean").name(),
            standardDeviation: try normalization.required("standardDeviation").name(),
            epsilon: try normalization.optional("epsilon")?.number() ?? 0, cursor: normalization)
    }
}
