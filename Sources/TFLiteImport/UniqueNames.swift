/// Makes names unique: a name is unchanged if it is free, otherwise a suffix is added.
struct UniqueNames {
    private var taken: Set<String> = []

    /// - Parameter suffix: added if the name is not unique.
    mutating func claim(_ wish: String, suffix: String) -> String {
        if !wish.isEmpty, taken.insert(wish).inserted { return wish }
        var name = wish.isEmpty ? suffix : "\(wish)_\(suffix)"
        var number = 2
        while !taken.insert(name).inserted {
            name = "\(wish)_\(suffix)_\(number)"
            number += 1
        }
        return name
    }
}
