//! What people and programs call a column, in their languages; folded as `fold` does.
//! Lists are texts with commas: a thousand names read better so than one a line.

use super::columns::Field;

/// Every field with its names, the surest first: where two columns could be a field, the one whose
/// name stands further in front is, and the other stays an attribute.
pub(super) const NAMES: &[(Field, &str)] = &[
    (
        Field::Email,
        "email, e mail, email address, e mail address, work email, business email, \
         primary email, contact email, lead email, person email, email 1, email1, mail, \
         mail address, mailaddress, emailaddress, e mail 1 value, email id, work e mail, \
         business e mail, e mail adresse, email adresse, emailadresse, mailadresse, \
         e mailadresse, geschaftliche e mail, adresse e mail, adresse email, \
         adresse electronique, courriel, correo, correo electronico, direccion de correo, \
         e post, epost, e postadress, e postadresse, e mailadres, emailadres, \
         posta elettronica, indirizzo email, indirizzo e mail, endereco de email, \
         e mail do contato, adres e mail, adres email, sahkoposti, メールアドレス, メール, 电子邮件, 邮箱, \
         personal email, private email",
    ),
    (
        Field::FirstName,
        "first name, firstname, given name, givenname, forename, fname, contact first name, \
         vorname, prenom, nombre, nome, voornaam, fornamn, fornavn, etunimi, imie, 名",
    ),
    (
        Field::LastName,
        "last name, lastname, surname, family name, familyname, lname, contact last name, \
         nachname, familienname, nom de famille, nom, apellido, apellidos, cognome, \
         sobrenome, apelido, achternaam, efternamn, etternavn, efternavn, sukunimi, \
         nazwisko, 姓",
    ),
    (
        Field::FullName,
        "full name, fullname, name, contact name, lead name, vollstandiger name, \
         nom complet, nombre completo, nome completo, volledige naam, 氏名, 姓名",
    ),
    (
        Field::Company,
        "company, company name, companyname, organization, organisation, organization name, \
         organisation name, account name, account, employer, business name, \
         associated company, firma, firmenname, unternehmen, unternehmensname, entreprise, \
         societe, nom de l entreprise, empresa, nombre de la empresa, nome da empresa, \
         azienda, societa, bedrijf, bedrijfsnaam, foretag, virksomhed, bedrift, yritys, 会社, \
         会社名, 公司",
    ),
    (
        Field::AccountId,
        "account id, accountid, company id, companyid, organization id, organisation id, \
         crm account id, crm company id, associated company id, associatedcompanyid, \
         firmen id, unternehmens id, id de l entreprise, id de empresa",
    ),
    (
        Field::AccountDomain,
        "company domain name, company domain, account domain, domain, domain name, \
         company website, company url, website, website url, web site, homepage, webseite, \
         internetseite, site web, sitio web, sito web",
    ),
    (
        Field::JobTitle,
        "job title, jobtitle, title, position, job, role, job function, funktion, \
         berufsbezeichnung, stellenbezeichnung, poste, intitule du poste, fonction, cargo, \
         puesto, qualifica, ruolo, functie, functietitel, befattning, stilling, stanowisko, \
         役職, 职位",
    ),
    (
        Field::Phone,
        "phone, phone number, phonenumber, telephone, telephone number, work phone, \
         business phone, office phone, telefon, telefonnummer, tel, rufnummer, \
         numero de telephone, telefono, telefone, telefoon, telefoonnummer, puhelin, 電話番号, \
         电话, mobile phone, mobile, mobile phone number, cell phone, handy, mobil, portable",
    ),
    (
        Field::Country,
        "country, country region, country name, land, pays, pais, paese, kraj, maa, 国, 国家",
    ),
    (
        Field::TimeZone,
        "time zone, timezone, hs timezone, iana time zone, tz, zeitzone, fuseau horaire, \
         zona horaria, fuso orario, fuso horario, tijdzone, tidszon, tidszone",
    ),
    (
        Field::Locale,
        "locale, language, preferred language, hs language, lang, language code, sprache, \
         bevorzugte sprache, langue, langue preferee, idioma, lingua, taal, sprak, 言語, 语言",
    ),
    (
        Field::Owner,
        "owner, contact owner, lead owner, account owner, record owner, owner name, \
         owner email, sales owner, assigned to, verantwortlicher, zustandig, \
         kontaktinhaber, betreuer, proprietaire, proprietaire du contact, responsable, \
         propietario, proprietario, eigenaar",
    ),
];

/// Columns that may say whether a person agreed; only the caller knows whether they do.
pub(super) const CONSENT_WORDS: &str = "consent, opt in, optin, opted in, double opt in, gdpr, dsgvo, einwilligung, \
     zustimmung, consentement, consentimiento, consenso, toestemming, permission, \
     subscribed";

/// The words of such a list.
pub(super) fn words(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.split(", ")
}

/// Lower case, without accents, one space between words: what two spellings have in common.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        match plain(c) {
            "" if c.is_alphanumeric() => folded.push(c),
            "" => folded.push(' '),
            plain => folded.push_str(plain),
        }
    }
    folded.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Accented Latin letters as those without; empty for all others.
fn plain(c: char) -> &'static str {
    match c {
        'à'..='å' | 'ą' => "a",
        'ç' | 'ć' | 'č' => "c",
        'è'..='ë' | 'ę' | 'ě' => "e",
        'ì'..='ï' => "i",
        'ł' => "l",
        'ñ' | 'ń' => "n",
        'ò'..='ö' | 'ø' => "o",
        'š' | 'ś' => "s",
        'ß' => "ss",
        'ù'..='ü' => "u",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        'æ' => "ae",
        'œ' => "oe",
        _ => "",
    }
}
