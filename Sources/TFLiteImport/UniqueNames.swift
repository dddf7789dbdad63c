/// Gives names that are unique: a wish as it is, if it is free, otherwise with a number behind it.
struct UniqueNames {
    private var taken: Set<String> = []

    /// - Parameter suffix: what makes the name unique if it is not.
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
